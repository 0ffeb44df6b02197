/** Pointer, wheel, touch and keys, told to the map in its own terms. */

import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomTransform, zoom, zoomIdentity } from "d3-zoom";
import type { Pointed, Tool } from "./scatter";
import { ZOOMS } from "./sight";

export type By = Pointed["by"];

export interface Hand {
  /** The view as d3-zoom has it: screen = transform of the unzoomed screen. */
  transform(): { x: number; y: number; k: number };
  moved(x: number, y: number, k: number): void;
  pointed(px: number, py: number, event: PointerEvent | MouseEvent, by: By): void;
  left(): void;
  clicked(px: number, py: number, event: MouseEvent, by: By): void;
  zoomed(factor: number, px: number, py: number): void;
  /** Corners of the area being drawn, in px; `done` at its end, null when it is given up. */
  drawn(
    corners: readonly number[] | null,
    done: boolean,
    tool: "lasso" | "box",
    add: boolean,
  ): void;
  pressed(event: KeyboardEvent): boolean;
  focused(on: boolean): void;
}

export interface Gestures {
  setTool(tool: Tool): void;
  remove(): void;
}

const HOLD_MS = 450;
const SLIP = 8;

export function gesturesOn(
  host: HTMLElement,
  surface: HTMLCanvasElement,
  hand: Hand,
  wheel: "always" | "focused",
): Gestures {
  let tool: Tool = "pan";
  const holding = { on: false };
  const area = areaDrawing(surface, hand, () => tool);
  const pan = panning(host, surface, hand, { wheel, holding, selects: area.selects });
  const remove = [
    area.remove,
    pan.remove,
    hovering(surface, hand, holding, pan.resync),
    keys(host, hand),
  ];
  return {
    setTool(next) {
      tool = next;
      area.cancel();
      surface.style.cursor = next === "pan" ? "" : "crosshair";
    },
    remove: () => {
      for (const undo of remove) undo();
    },
  };
}

interface Panning {
  wheel: "always" | "focused";
  holding: { on: boolean };
  selects(event: MouseEvent | TouchEvent): boolean;
}

function panning(host: HTMLElement, surface: HTMLCanvasElement, hand: Hand, given: Panning) {
  type Held = HTMLCanvasElement & { __zoom?: ZoomTransform };
  // d3-zoom keeps its transform on the element; movements of other making are told to it there.
  const resync = () => {
    const { x, y, k } = hand.transform();
    (surface as Held).__zoom = zoomIdentity.translate(x, y).scale(k);
  };
  const behaviour = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([ZOOMS[0], ZOOMS[1]])
    .clickDistance(5)
    .extent(() => [
      [0, 0],
      [host.clientWidth, host.clientHeight],
    ])
    .filter((event: MouseEvent | TouchEvent | WheelEvent) => {
      if (event.type === "wheel") return given.wheel === "always" || host.matches(":focus-within");
      if ("button" in event && event.button !== 0) return false;
      return !given.selects(event);
    })
    .on("start", () => resync())
    .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
      if (given.holding.on) return;
      const { x, y, k } = event.transform;
      hand.moved(x, y, k);
    })
    .on("end", () => resync());
  const selection = select<HTMLCanvasElement, unknown>(surface);
  selection.call(behaviour).on("dblclick.zoom", null);
  selection.on("wheel.resync pointerdown.resync", null);
  surface.addEventListener("wheel", resync, { capture: true, passive: true });
  surface.addEventListener("pointerdown", resync, { capture: true });
  return {
    resync,
    remove() {
      selection.on(".zoom", null);
      surface.removeEventListener("wheel", resync, { capture: true });
      surface.removeEventListener("pointerdown", resync, { capture: true });
    },
  };
}

const place = (surface: HTMLElement, event: MouseEvent): [number, number] => {
  const box = surface.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const byOf = (event: MouseEvent): By =>
  "pointerType" in event && (event.pointerType === "touch" || event.pointerType === "pen")
    ? event.pointerType
    : "mouse";

/** Hovering with a mouse; with a finger after it has rested a moment. */
function hovering(
  surface: HTMLCanvasElement,
  hand: Hand,
  holding: { on: boolean },
  resync: () => void,
): () => void {
  let timer = 0;
  let start: readonly [number, number] = [0, 0];
  const drop = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const down = (event: PointerEvent) => {
    drop();
    holding.on = false;
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    start = place(surface, event);
    timer = window.setTimeout(() => {
      holding.on = true;
      hand.pointed(...start, event, "touch");
    }, HOLD_MS);
  };
  const move = (event: PointerEvent) => {
    const at = place(surface, event);
    if (event.pointerType !== "touch") hand.pointed(...at, event, byOf(event));
    else if (holding.on) hand.pointed(...at, event, "touch");
    else if (Math.hypot(at[0] - start[0], at[1] - start[1]) > SLIP) drop();
  };
  let held = false;
  const up = () => {
    drop();
    held = holding.on;
    if (!held) return;
    holding.on = false;
    resync();
  };
  const leave = (event: PointerEvent) => {
    if (event.pointerType !== "touch") hand.left();
  };
  const click = (event: MouseEvent) => {
    // What was held was looked at, not picked.
    if (!held) hand.clicked(...place(surface, event), event, byOf(event));
    held = false;
  };
  const double = (event: MouseEvent) =>
    hand.zoomed(event.shiftKey ? 0.5 : 2, ...place(surface, event));
  const menu = (event: Event) => {
    if (holding.on || timer !== 0) event.preventDefault();
  };
  return listen(surface, {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
    pointerleave: leave,
    click,
    dblclick: double,
    contextmenu: menu,
  });
}

/** Lasso and box: with their tool, or with Shift held while panning is the tool. */
function areaDrawing(surface: HTMLCanvasElement, hand: Hand, tool: () => Tool) {
  let corners: number[] = [];
  let pointer = -1;
  let kind: "lasso" | "box" = "lasso";
  let add = false;
  const selects = (event: MouseEvent | TouchEvent) =>
    (tool() !== "pan" || event.shiftKey) && !("touches" in event && event.touches.length > 1);
  const shape = () => {
    if (kind === "lasso") return corners;
    const [x0, y0, x1, y1] = [corners[0], corners[1], corners.at(-2), corners.at(-1)] as number[];
    return [x0, y0, x1, y0, x1, y1, x0, y1] as number[];
  };
  const cancel = () => {
    if (pointer < 0) return;
    pointer = -1;
    hand.drawn(null, true, kind, add);
  };
  const down = (event: PointerEvent) => {
    if (pointer >= 0) {
      cancel();
      return;
    }
    if (event.button !== 0 || (tool() === "pan" && !event.shiftKey)) return;
    pointer = event.pointerId;
    const current = tool();
    kind = current === "box" ? "box" : "lasso";
    add = current !== "pan" && event.shiftKey;
    corners = place(surface, event);
    surface.setPointerCapture(pointer);
  };
  const move = (event: PointerEvent) => {
    if (event.pointerId !== pointer) return;
    const [x, y] = place(surface, event);
    const [lastX, lastY] = [corners.at(-2) ?? 0, corners.at(-1) ?? 0];
    if (Math.hypot(x - lastX, y - lastY) < 2) return;
    corners.push(x, y);
    hand.drawn(shape(), false, kind, add);
  };
  const up = (event: PointerEvent) => {
    if (event.pointerId !== pointer) return;
    if (corners.length < 6) {
      cancel();
      return;
    }
    pointer = -1;
    // The click that follows a drawn area is none.
    const stop = (click: Event) => click.stopImmediatePropagation();
    surface.addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => surface.removeEventListener("click", stop, { capture: true }), 50);
    hand.drawn(shape(), true, kind, add);
  };
  const remove = listen(surface, {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: cancel,
  });
  return { selects, cancel, remove };
}

function keys(host: HTMLElement, hand: Hand): () => void {
  return listen(host, {
    keydown: (event: KeyboardEvent) => {
      if (event.target !== host || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!hand.pressed(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    focus: () => hand.focused(host.matches(":focus-visible")),
    blur: () => hand.focused(false),
  });
}

type Listeners = {
  [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void;
};

function listen(element: HTMLElement, listeners: Listeners): () => void {
  const entries = Object.entries(listeners) as [string, EventListener][];
  for (const [name, listener] of entries) element.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of entries) element.removeEventListener(name, listener);
  };
}
