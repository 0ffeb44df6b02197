/** The dock: a tab for each panel; beside the map on a wide screen, a sheet below it on a phone. */

import { useSignal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { Component } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Ability } from "../api/bodies";
import { Icon } from "../look/icons";
import { Fault, IconButton, Impossible, Waiting } from "../look/parts";
import { PANELS, type PanelEntry, type PanelProps } from "../panels";
import { can, explained, type State } from "./state";

/** Whether a panel has anything to show here, and why not. */
export function abilityOf(state: State, entry: PanelEntry): Ability {
  if (entry.several) return state.exhibition.comparable;
  return entry.needs
    ? can(state.exhibit.value, entry.needs)
    : { possible: true, why: "", hint: "" };
}

export function Dock({ state }: { state: State }) {
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const panel = state.panel.value;
  const entry = PANELS.find(({ name }) => name === panel);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...(tabs.current?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
    const at = all.indexOf(event.target as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };
  return (
    <aside class="ls-dock" data-open={entry !== undefined} aria-label="Panels">
      <div
        class="ls-tabs"
        role="tablist"
        aria-label="Panels"
        aria-orientation="vertical"
        ref={tabs}
        onKeyDown={walk}
        data-tour="panels"
      >
        {PANELS.map((one, i) => {
          const possible = abilityOf(state, one).possible;
          const focusable = entry ? one === entry : i === 0;
          return (
            <button
              type="button"
              role="tab"
              key={one.name}
              id={`${id}-${one.name}`}
              aria-selected={one === entry}
              aria-controls={one === entry ? `${id}-panel` : undefined}
              tabIndex={focusable ? 0 : -1}
              class={possible ? "" : "ls-off"}
              title={possible ? one.title : `${one.title}: not possible here`}
              onClick={() => {
                state.panel.value = one === entry ? null : one.name;
              }}
            >
              <Icon name={one.icon} />
              <span>{one.title}</span>
            </button>
          );
        })}
      </div>
      {entry && (
        <section
          class="ls-panel"
          role="tabpanel"
          id={`${id}-panel`}
          aria-labelledby={`${id}-${entry.name}`}
        >
          <header class="ls-panel-head">
            <h2>{entry.title}</h2>
            <IconButton
              icon="close"
              name={`Close ${entry.title}`}
              onClick={() => {
                state.panel.value = null;
                tabs.current?.querySelector<HTMLElement>(`[id$="-${entry.name}"]`)?.focus();
              }}
            />
          </header>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <div class="ls-panel-body" tabIndex={0}>
            <Held key={`${entry.name} ${state.key.value}`}>
              <PanelBody state={state} entry={entry} />
            </Held>
          </div>
        </section>
      )}
    </aside>
  );
}

function PanelBody({ state, entry }: { state: State; entry: PanelEntry }) {
  const loaded = useSignal<{ Panel: FunctionComponent<PanelProps> } | null>(null);
  const fault = useSignal("");
  const ability = abilityOf(state, entry);
  useEffect(() => {
    let wanted = true;
    entry.load().then(
      (Panel) => {
        if (wanted) loaded.value = { Panel };
      },
      (reason) => {
        if (wanted) fault.value = explained(reason).text;
      },
    );
    return () => {
      wanted = false;
      state.picking.value = null;
      state.guest.value = null;
    };
  }, [entry, state, loaded, fault]);
  if (!ability.possible) return <Impossible ability={ability} />;
  if (fault.value) return <Fault text={fault.value} hint="reload the page" />;
  if (!loaded.value) return <Waiting text="Opening" />;
  const { Panel } = loaded.value;
  return <Panel state={state} source={state.source} />;
}

/** A panel that fails takes nothing else down. */
class Held extends Component<{ children?: preact.ComponentChildren }, { fault: string }> {
  override state = { fault: "" };

  static override getDerivedStateFromError(reason: unknown) {
    return { fault: explained(reason).text };
  }

  override render() {
    if (this.state.fault) {
      return (
        <Fault text={`this panel failed: ${this.state.fault}`} hint="close it and open it again" />
      );
    }
    return <>{this.props.children}</>;
  }
}
