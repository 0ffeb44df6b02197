/** What is seen, as the part of the address behind `#`, and back; nonsense in it is passed over. */

import { batch } from "@preact/signals";
import { PANEL_NAMES, type PanelName, type State, showExhibit, showMap } from "./state";

const LONGEST = 4000;
const MOST_STEPS = 200;

/** The address's part that brings this state back. */
export function toHash(state: State): string {
  const told = new URLSearchParams();
  const { rows, method, nSteps } = state.journey.value;
  const view = state.view.value;
  const put = (name: string, value: string | number | null | undefined) => {
    if (value !== null && value !== undefined && value !== "") told.set(name, String(value));
  };
  put("run", runName(state));
  put("map", state.map.value?.name);
  put("colour", state.colourName.value);
  put("hide", [...state.hidden.value].sort((a, b) => a - b).join("."));
  put("at", view && view.k !== 1 ? [view.x, view.y, view.k].map(short).join(",") : "");
  put("panel", state.panel.value);
  put("pin", state.pinned.value);
  put("selected", packRows(state.selection.value));
  if (rows.length > 0) {
    put("travel", rows.join("."));
    put("way", method);
    put("steps", nSteps);
  }
  if (state.grid.value) put("grid", 1);
  return `#${told}`;
}

/** Whether the selection is too large to stand in a link. */
export function tooLong(state: State): boolean {
  return state.selection.value.length > 0 && packRows(state.selection.value) === "";
}

export function fromHash(state: State, hash: string): void {
  const told = new URLSearchParams(hash.replace(/^#/, ""));
  batch(() => {
    const run = told.get("run");
    const { exhibits } = state.exhibition;
    const wanted =
      exhibits.find(({ name }) => name === run) ?? exhibits.find(({ key }) => key === run);
    if (wanted) showExhibit(state, wanted.key);
    const card = state.exhibit.value;
    const map = told.get("map");
    if (map && card.maps.some(({ name }) => name === map)) showMap(state, map);
    const colour = told.get("colour");
    if (colour && card.columns.some(({ name }) => name === colour)) state.colourName.value = colour;
    const hidden = integers(told.get("hide"), state.colour.value?.categories.length ?? 0, -1);
    state.hidden.value = new Set(hidden);
    const [x, y, k] = (told.get("at") ?? "").split(",").map(Number);
    if (finite(x) && finite(y) && finite(k) && k > 0) state.view.value = { x, y, k };
    const [pinned] = integers(told.get("pin"), card.n);
    if (pinned !== undefined) state.pinned.value = pinned;
    state.selection.value = unpackRows(told.get("selected") ?? "").filter((row) => row < card.n);
    restoreJourney(state, told);
    const panel = told.get("panel");
    if (PANEL_NAMES.includes(panel as PanelName)) state.panel.value = panel as PanelName;
    state.grid.value = told.get("grid") === "1" && state.map.value?.manifold === true;
  });
}

function restoreJourney(state: State, told: URLSearchParams): void {
  const rows = integers(told.get("travel"), state.exhibit.value.n).slice(0, 12);
  if (rows.length === 0) return;
  const way = told.get("way");
  const known = state.exhibit.value.ways.some(({ name }) => name === way);
  const steps = Number(told.get("steps"));
  const { method, nSteps } = state.journey.value;
  state.journey.value = {
    rows,
    method: known && way ? way : method,
    nSteps: Number.isInteger(steps) && steps >= 2 && steps <= MOST_STEPS ? steps : nSteps,
  };
}

/** Rows as the differences between them, seven bits a letter and a half; empty where too many. */
export function packRows(rows: readonly number[]): string {
  const bytes: number[] = [];
  let last = -1;
  for (const row of [...rows].sort((a, b) => a - b)) {
    let gap = row - last - 1;
    last = row;
    for (; gap >= 128; gap = Math.floor(gap / 128)) bytes.push((gap % 128) + 128);
    bytes.push(gap);
    if (bytes.length > LONGEST) return "";
  }
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export function unpackRows(text: string): number[] {
  let bytes: string;
  try {
    bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return [];
  }
  const rows: number[] = [];
  let [last, gap, place] = [-1, 0, 1];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    gap += (byte % 128) * place;
    if (byte >= 128) {
      place *= 128;
    } else {
      last += gap + 1;
      rows.push(last);
      [gap, place] = [0, 1];
    }
  }
  return rows;
}

/** Whole numbers between `least` and `end`, which is left out; others are dropped. */
function integers(text: string | null, end: number, least = 0): number[] {
  if (!text) return [];
  return text
    .split(".")
    .filter((part) => part !== "")
    .map(Number)
    .filter((value) => Number.isInteger(value) && value >= least && value < end);
}

/** A run is named as the reader named it; by its key where two share a name. */
function runName(state: State): string {
  const { name, key } = state.exhibit.value;
  const same = state.exhibition.exhibits.filter((card) => card.name === name);
  return same.length === 1 ? name : key;
}

const short = (value: number) => String(Number(value.toPrecision(6)));
const finite = (value: number | undefined): value is number => Number.isFinite(value);
