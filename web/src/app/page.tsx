/** The whole page, and how it is put into an element. */

import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Fault, Hint, IconButton, sentence, Waiting } from "../look/parts";
import type { Source } from "../source/source";
import { Dock } from "./dock";
import { DropZone } from "./dropping";
import { Faithfulness } from "./faithfulness";
import { KeyList, keepKeys } from "./keys";
import { Legend } from "./legend";
import { keepAddress, keepLoading } from "./loading";
import { MapView } from "./map_view";
import { Pointer } from "./pointer";
import { createState, explained, type State } from "./state";
import { Toolbar } from "./toolbar";
import { TopBar } from "./top_bar";
import { firstVisit, Tour } from "./tour";

export interface Mounting {
  /** A page of its own: the address holds the state, and keys are heard everywhere. */
  readonly inPage: boolean;
}

/** Show a source in an element; returns how to take it away again. */
export async function mount(
  root: HTMLElement,
  source: Source,
  { inPage }: Mounting,
): Promise<() => void> {
  root.classList.add("latentscape");
  render(<Opening />, root);
  try {
    const state = createState(source, await source.exhibition());
    const stops = [keepLoading(state), keepKeys(state, inPage ? document : root)];
    if (inPage) stops.unshift(keepAddress(state));
    if (inPage && firstVisit()) state.guide.value = "tour";
    render(<Page state={state} root={root} inPage={inPage} />, root);
    return () => {
      for (const stop of stops) stop();
      render(null, root);
    };
  } catch (reason) {
    const { text, hint } = explained(reason);
    render(<Closed text={text} hint={hint} />, root);
    return () => render(null, root);
  }
}

function Opening() {
  return (
    <div class="ls-page ls-alone">
      <Waiting text="Opening the latent space" />
    </div>
  );
}

function Closed({ text, hint }: { text: string; hint: string }) {
  return (
    <div class="ls-page ls-alone">
      <Fault text={text} hint={hint} />
    </div>
  );
}

function Page({ state, root, inPage }: { state: State; root: HTMLElement; inPage: boolean }) {
  const theme = state.theme.value;
  useEffect(() => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  }, [theme, root]);
  const card = state.exhibit.value;
  useEffect(() => {
    if (inPage) document.title = `${card.name} · latentscape`;
  }, [inPage, card.name]);
  return (
    <div class="ls-page" data-tool={state.tool.value} data-panel={state.panel.value ?? undefined}>
      <TopBar state={state} inPage={inPage} />
      <main class="ls-stage" aria-label="Map">
        {card.maps.length > 0 ? (
          <>
            <MapView state={state} inPage={inPage} />
            <Toolbar state={state} />
            <div class="ls-foot">
              <Legend state={state} />
              <Faithfulness state={state} />
            </div>
            <Pointer state={state} />
            {state.picking.value && (
              <p class="ls-card ls-picking" role="status">
                Click a sample on the map. <kbd>Esc</kbd> to leave it.
              </p>
            )}
          </>
        ) : (
          <div class="ls-alone">
            <Fault text="this run has no map yet" hint="latentscape project STORE --method pca" />
          </div>
        )}
        <Notices state={state} />
      </main>
      <Dock state={state} />
      <DropZone state={state} scope={inPage ? document : root} />
      <KeyList state={state} />
      <Tour state={state} />
      <div class="ls-unseen" aria-live="polite" role="status">
        {state.spoken.value}
      </div>
    </div>
  );
}

function Notices({ state }: { state: State }) {
  const dismiss = (id: number) => {
    state.notices.value = state.notices.value.filter((notice) => notice.id !== id);
  };
  return (
    <div class="ls-notices">
      {state.notices.value.map(({ id, text, hint, grave }) => (
        <Notice key={id} text={text} hint={hint} grave={grave} close={() => dismiss(id)} />
      ))}
    </div>
  );
}

function Notice(props: { text: string; hint: string; grave: boolean; close: () => void }) {
  const { text, hint, grave, close } = props;
  useEffect(() => {
    const timer = setTimeout(close, grave ? 12000 : 5000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`ls-card ls-notice ${grave ? "ls-grave" : ""}`} role={grave ? "alert" : "status"}>
      <div>
        <p>{sentence(text)}</p>
        {hint && (grave ? <Hint text={hint} /> : <p class="ls-small">{hint}</p>)}
      </div>
      <IconButton icon="close" name="Dismiss" onClick={close} />
    </div>
  );
}
