/** All that the page knows, as signals; panels read and write these and nothing else. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Ability, ColumnCard, ExhibitCard, Exhibition, MapCard } from "../api/bodies";
import type { ArrowStyle, Marker, Path, Pointed, Scatter, Tool, View } from "../scatter/scatter";
import { type Journey, type Landed, type Points, Refusal, type Source } from "../source/source";
import { Shelf } from "./shelf";

export const PANEL_NAMES = ["sample", "travel", "dials", "motion", "compare", "training"] as const;
export type PanelName = (typeof PANEL_NAMES)[number];
export type Theme = "auto" | "light" | "dark";
export type AbilityName =
  | "images"
  | "reconstructions"
  | "decode"
  | "encode"
  | "travel"
  | "dials"
  | "motion"
  | "training";

/** What a panel draws on the map while it is open, in the map's units. */
export interface Overlay {
  readonly paths?: readonly Path[];
  /** x, y of the tail and x, y of the head of each arrow, `k · 4`. */
  readonly arrows?: Float32Array;
  readonly arrowStyle?: ArrowStyle;
  readonly markers?: readonly Marker[];
}

/** Points that a panel shows in place of the map's while it is open: an epoch of the training. */
export interface Guest {
  readonly positions: Float32Array;
  readonly labels: Int32Array;
  readonly words: string;
}

/** A kind line to the reader, with a hint where something went wrong. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly hint: string;
  readonly grave: boolean;
}

/** What the pointer is on: a place of the map, and the sample there, if there is one. */
export interface Hover extends Pointed {
  readonly row: number | null;
}

export interface State {
  readonly source: Source;
  readonly shelf: Shelf;
  readonly exhibition: Exhibition;
  readonly key: Signal<string>;
  readonly exhibit: ReadonlySignal<ExhibitCard>;
  readonly mapName: Signal<string>;
  readonly map: ReadonlySignal<MapCard | undefined>;
  readonly points: Signal<Points | null>;
  /** By row of the exhibit, the index of its point on the map; −1 where it has none. */
  readonly indexOf: ReadonlySignal<Int32Array>;
  readonly scatter: Signal<Scatter | null>;
  /** What the map is drawn in. */
  readonly host: Signal<HTMLElement | null>;
  readonly colourName: Signal<string>;
  readonly colour: ReadonlySignal<ColumnCard | undefined>;
  /** Values of the column that the map is coloured by, a sample each; null until they are there. */
  readonly values: Signal<Float32Array | null>;
  /** The column that `values` are of. */
  readonly coloured: Signal<ColumnCard | null>;
  /** Classes of the colouring that are switched off in the legend. */
  readonly hidden: Signal<ReadonlySet<number>>;
  readonly view: Signal<View | null>;
  readonly tool: Signal<Tool>;
  readonly hover: Signal<Hover | null>;
  /** Row of the sample that the Sample panel shows. */
  readonly pinned: Signal<number | null>;
  readonly selection: Signal<readonly number[]>;
  /** An image that was dropped, encoded. */
  readonly landed: Signal<Landed | null>;
  readonly lens: Signal<boolean>;
  readonly grid: Signal<boolean>;
  readonly thumbnails: Signal<boolean>;
  readonly journey: Signal<Journey>;
  readonly panel: Signal<PanelName | null>;
  /** By panel; the open panel's is drawn. */
  readonly overlays: Signal<Readonly<Partial<Record<PanelName, Overlay>>>>;
  readonly guest: Signal<Guest | null>;
  /** Set while a panel waits for the next sample that is clicked on the map. */
  readonly picking: Signal<((row: number) => void) | null>;
  readonly theme: Signal<Theme>;
  readonly notices: Signal<readonly Notice[]>;
  /** What a screen reader is told next. */
  readonly spoken: Signal<string>;
  /** The list of keys, or the tour, while it is open. */
  readonly guide: Signal<"keys" | "tour" | null>;
}

export function createState(source: Source, exhibition: Exhibition): State {
  const first = exhibition.exhibits[0];
  if (!first) throw new Refusal("there is no run to show", "open one: latentscape explore RUN");
  const key = signal(first.key);
  const exhibit = computed(
    () => exhibition.exhibits.find((card) => card.key === key.value) ?? first,
  );
  const mapName = signal(first.maps[0]?.name ?? "");
  const map = computed(
    () => exhibit.value.maps.find((card) => card.name === mapName.value) ?? exhibit.value.maps[0],
  );
  const colourName = signal(firstColour(first));
  const colour = computed(() =>
    exhibit.value.columns.find((card) => card.name === colourName.value),
  );
  const points = signal<Points | null>(null);
  const indexOf = computed(() => {
    const index = new Int32Array(exhibit.value.n).fill(-1);
    points.value?.rows.forEach((row, i) => {
      index[row] = i;
    });
    return index;
  });
  return {
    source,
    shelf: new Shelf(source),
    exhibition,
    key,
    exhibit,
    mapName,
    map,
    points,
    indexOf,
    scatter: signal(null),
    host: signal(null),
    colourName,
    colour,
    values: signal(null),
    coloured: signal(null),
    hidden: signal(new Set()),
    view: signal(null),
    tool: signal("pan"),
    hover: signal(null),
    pinned: signal(null),
    selection: signal([]),
    landed: signal(null),
    lens: signal(can(first, "decode").possible && !coarse()),
    grid: signal(false),
    thumbnails: signal(true),
    journey: signal({ rows: [], method: first.ways[0]?.name ?? "linear", nSteps: 10 }),
    panel: signal(null),
    overlays: signal({}),
    guest: signal(null),
    picking: signal(null),
    theme: signal("auto"),
    notices: signal([]),
    spoken: signal(""),
    guide: signal(null),
  };
}

/** Whether something can be done with an exhibit; impossible where it says nothing of it. */
export function can(exhibit: ExhibitCard, ability: AbilityName): Ability {
  return (
    exhibit.abilities?.[ability] ?? { possible: false, why: "this run does not offer it", hint: "" }
  );
}

/** Columns that samples of a map have. */
export function columnsOn(exhibit: ExhibitCard, map: string): readonly ColumnCard[] {
  return exhibit.columns.filter((card) => card.map === "" || card.map === map);
}

export function showExhibit(state: State, key: string): void {
  const card = state.exhibition.exhibits.find((one) => one.key === key);
  if (!card || key === state.key.value) return;
  const method = state.map.value?.method;
  batch(() => {
    state.key.value = key;
    state.mapName.value =
      (card.maps.find((one) => one.method === method) ?? card.maps[0])?.name ?? "";
    if (!card.columns.some((one) => one.name === state.colourName.value)) {
      state.colourName.value = firstColour(card);
    }
    state.journey.value = { rows: [], method: card.ways[0]?.name ?? "linear", nSteps: 10 };
    state.hidden.value = new Set();
    state.points.value = null;
    state.view.value = null;
    state.hover.value = null;
    state.pinned.value = null;
    state.selection.value = [];
    state.landed.value = null;
    state.overlays.value = {};
    state.guest.value = null;
    state.picking.value = null;
  });
}

/** Another map of the same samples; a colouring that only the old map has finds its twin. */
export function showMap(state: State, name: string): void {
  const card = state.exhibit.value;
  const colour = state.colour.value;
  batch(() => {
    state.mapName.value = name;
    state.view.value = null;
    if (colour && colour.map !== "" && colour.map !== name) {
      const twin = card.columns.find((one) => one.map === name && one.title === colour.title);
      colourBy(state, twin?.name ?? firstColour(card));
    }
  });
}

export function colourBy(state: State, name: string): void {
  batch(() => {
    state.colourName.value = name;
    state.hidden.value = new Set();
  });
}

/** Show a sample in its panel, or hand it to the panel that waits for one. */
export function pin(state: State, row: number): void {
  const taker = state.picking.value;
  if (taker) {
    taker(row);
    return;
  }
  batch(() => {
    state.pinned.value = row;
    state.landed.value = null;
    state.panel.value = "sample";
  });
}

export function select(state: State, rows: readonly number[]): void {
  batch(() => {
    state.selection.value = rows;
    if (rows.length > 0) {
      state.panel.value = "sample";
      say(state, `${rows.length} samples selected`);
    }
  });
}

export function overlay(state: State, panel: PanelName, drawn: Overlay | null): void {
  const { [panel]: _, ...others } = state.overlays.peek();
  state.overlays.value = drawn ? { ...others, [panel]: drawn } : others;
}

/** Tell a screen reader. */
export function say(state: State, text: string): void {
  state.spoken.value = text;
}

let notices = 0;

export function notify(state: State, text: string, hint = "", grave = false): void {
  const same = state.notices.peek().filter((notice) => notice.text !== text);
  state.notices.value = [...same.slice(-2), { id: ++notices, text, hint, grave }];
}

/** Tell of a fault in one line; what was aborted on purpose is none. */
export function complain(state: State, reason: unknown): void {
  if (aborted(reason)) return;
  const { text, hint } = explained(reason);
  notify(state, text, hint, true);
}

export function aborted(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "AbortError";
}

/** A fault as a line and a hint. */
export function explained(reason: unknown): { text: string; hint: string } {
  if (reason instanceof Refusal) return { text: reason.message, hint: reason.hint };
  if (reason instanceof Error) return { text: reason.message, hint: "" };
  return { text: "something went wrong", hint: "" };
}

function firstColour(card: ExhibitCard): string {
  const named = card.columns.find((one) => one.name === "label");
  return (named ?? card.columns.find((one) => one.map === "") ?? card.columns[0])?.name ?? "";
}

/** Whether the pointer is a finger. */
export function coarse(): boolean {
  return typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;
}

/** Whether the reader's system asks for little movement. */
export function still(): boolean {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}
