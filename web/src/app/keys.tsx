/** The keys, and the card that lists them. */

import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../look/parts";
import { PANELS } from "../panels";
import { can, type State, select, showMap, still } from "./state";

const LISTED: readonly [string, string][] = [
  ["/", "find a sample"],
  ["1 … 9", "show a map"],
  ["arrows", "move the map, when it has the focus"],
  ["+  −  0", "nearer, farther, the whole map"],
  ["V  L  B", "move, lasso, box"],
  ["D", "decode under the pointer; hold for a moment's look"],
  ["G", "decoded grid under the map"],
  ["I", "images when near"],
  ["[  ]", "previous, next panel"],
  ["Esc", "close, or drop the selection"],
  ["Shift click", "add a sample to the selection, or take it away"],
  ["?", "this list"],
];

const HELD_MS = 350;

/** Listens for keys below `scope`; returns how to stop. */
export function keepKeys(state: State, scope: Document | HTMLElement): () => void {
  let lensAt = 0;
  const down = (event: Event) => {
    const { key, ctrlKey, metaKey, altKey, repeat, target } = event as KeyboardEvent;
    if (ctrlKey || metaKey || altKey || event.defaultPrevented || typing(target)) return;
    if (key.toLowerCase() === "d" && can(state.exhibit.value, "decode").possible) {
      if (repeat) return;
      lensAt = performance.now();
      state.lens.value = !state.lens.value;
      return;
    }
    if (!repeat && act(state, key, scope)) event.preventDefault();
  };
  const up = (event: Event) => {
    if ((event as KeyboardEvent).key.toLowerCase() !== "d" || lensAt === 0) return;
    if (performance.now() - lensAt > HELD_MS) state.lens.value = !state.lens.value;
    lensAt = 0;
  };
  scope.addEventListener("keydown", down);
  scope.addEventListener("keyup", up);
  return () => {
    scope.removeEventListener("keydown", down);
    scope.removeEventListener("keyup", up);
  };
}

function act(state: State, key: string, scope: Document | HTMLElement): boolean {
  const animate = still() ? 0 : 200;
  const scatter = state.scatter.value;
  const actions: Record<string, () => void> = {
    "?": () => {
      state.guide.value = state.guide.value === "keys" ? null : "keys";
    },
    "/": () => scope.querySelector<HTMLElement>("[data-key=search]")?.focus(),
    v: () => {
      state.tool.value = "pan";
    },
    l: () => {
      state.tool.value = "lasso";
    },
    b: () => {
      state.tool.value = "box";
    },
    g: () => {
      if (state.map.value?.manifold && can(state.exhibit.value, "decode").possible) {
        state.grid.value = !state.grid.value;
      }
    },
    i: () => {
      state.thumbnails.value = !state.thumbnails.value;
    },
    "+": () => scatter?.zoomBy(1.6, { animate }),
    "=": () => scatter?.zoomBy(1.6, { animate }),
    "-": () => scatter?.zoomBy(1 / 1.6, { animate }),
    "0": () => scatter?.fit({ animate }),
    "[": () => nextPanel(state, -1),
    "]": () => nextPanel(state, 1),
    Escape: () => leave(state),
  };
  const map = /^[1-9]$/.test(key) ? state.exhibit.value.maps[Number(key) - 1] : undefined;
  if (map) {
    showMap(state, map.name);
    return true;
  }
  const action = actions[key] ?? actions[key.toLowerCase()];
  action?.();
  return action !== undefined;
}

function leave(state: State): void {
  if (state.guide.value) state.guide.value = null;
  else if (state.picking.value) state.picking.value = null;
  else if (state.tool.value !== "pan") state.tool.value = "pan";
  else if (state.selection.value.length > 0) select(state, []);
  else state.panel.value = null;
}

function nextPanel(state: State, step: number): void {
  const at = PANELS.findIndex(({ name }) => name === state.panel.value);
  const from = at < 0 && step < 0 ? 0 : at;
  state.panel.value = PANELS[(from + step + PANELS.length) % PANELS.length]?.name ?? null;
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest("input, textarea, select, [contenteditable]");
  return field !== null && !(field instanceof HTMLInputElement && field.type === "range");
}

export function KeyList({ state }: { state: State }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = state.guide.value === "keys";
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  if (!open) return null;
  const close = () => {
    state.guide.value = null;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog
    <dialog
      class="ls-card ls-keys"
      ref={dialog}
      aria-labelledby="ls-keys-title"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="ls-keys-body">
        <header class="ls-panel-head">
          <h2 id="ls-keys-title">Keys</h2>
          <IconButton icon="close" name="Close" onClick={close} />
        </header>
        <dl>
          {LISTED.map(([keys, meaning]) => (
            <div key={keys}>
              <dt>
                {keys.split(/ {2}/).map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <button
          type="button"
          class="ls-button"
          onClick={() => {
            state.guide.value = "tour";
          }}
        >
          Show me round
        </button>
      </div>
    </dialog>
  );
}
