/** What each key does to the view: arrows move, + and − zoom, 0 shows the whole. */

const STEP = 0.12;
const ZOOM = 1.5;

export interface Keyed {
  /** In shares of the view's width and height, y upwards. */
  pan(dx: number, dy: number): void;
  zoom(factor: number): void;
  fit(): void;
  choose(): void;
}

/** Does what the key stands for; false where it stands for nothing. */
export function act(event: KeyboardEvent, keyed: Keyed): boolean {
  const step = STEP * (event.shiftKey ? 4 : 1);
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => keyed.pan(-step, 0),
    ArrowRight: () => keyed.pan(step, 0),
    ArrowUp: () => keyed.pan(0, step),
    ArrowDown: () => keyed.pan(0, -step),
    "+": () => keyed.zoom(ZOOM),
    "=": () => keyed.zoom(ZOOM),
    "-": () => keyed.zoom(1 / ZOOM),
    _: () => keyed.zoom(1 / ZOOM),
    "0": () => keyed.fit(),
    Enter: () => keyed.choose(),
  };
  const found = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
  found?.();
  return found !== undefined;
}
