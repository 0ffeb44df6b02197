/** The map: carries what the state holds to the renderer, and what the pointer does back. */

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ColumnCard } from "../api/bodies";
import { count } from "../look/words";
import { createScatter } from "../scatter";
import type { Marker, Scale, Scatter, ScatterOptions, Theme } from "../scatter/scatter";
import { can, complain, pin, type State, select, still } from "./state";

const FLOW_MS = 800;
const GRID_SIDE = 15;

export function MapView({ state, inPage }: { state: State; inPage: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const options: ScatterOptions = {
      theme: suitOf(element),
      label: mapLabel(state),
      wheel: inPage ? "always" : "focused",
      still: still(),
    };
    const scatter = createScatter(element, options);
    state.scatter.value = scatter;
    state.host.value = element;
    const stops = [...listen(state, scatter), ...carry(state, scatter, element)];
    return () => {
      for (const stop of stops) stop();
      state.scatter.value = null;
      scatter.destroy();
    };
  }, [state, inPage]);
  return <div class="ls-map" ref={host} data-tour="map" />;
}

/** What the reader does on the map, into the state. */
function listen(state: State, scatter: Scatter): (() => void)[] {
  const rowOf = (index: number | null): number | null => {
    if (index === null || state.guest.value) return null;
    return state.points.value?.rows[index] ?? null;
  };
  return [
    scatter.on("hover", (pointed) => {
      state.hover.value = pointed && { ...pointed, row: rowOf(pointed.index) };
    }),
    scatter.on("click", (pointed) => {
      const row = rowOf(pointed.index);
      state.hover.value = { ...pointed, row };
      if (row === null) return;
      if (pointed.shift || pointed.meta) toggle(state, row);
      else pin(state, row);
    }),
    scatter.on("view", ({ view, moving }) => {
      if (!moving) state.view.value = view;
    }),
    scatter.on("select", ({ indices, add }) => {
      const rows = Array.from(indices, rowOf).filter((row): row is number => row !== null);
      select(state, add ? [...new Set([...state.selection.value, ...rows])] : rows);
    }),
  ];
}

function toggle(state: State, row: number): void {
  const rows = state.selection.value;
  select(state, rows.includes(row) ? rows.filter((one) => one !== row) : [...rows, row]);
}

/** What the state holds, onto the map. */
function carry(state: State, scatter: Scatter, element: HTMLElement): (() => void)[] {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const suit = () => scatter.setTheme(suitOf(element));
  dark.addEventListener("change", suit);
  return [
    () => dark.removeEventListener("change", suit),
    effect(() => {
      state.theme.value;
      requestAnimationFrame(suit);
    }),
    effect(() => scatter.setTool(state.tool.value)),
    keepClear(scatter, element),
    effect(() => scatter.setLabel(mapLabel(state))),
    carryPoints(state, scatter),
    effect(() => carryColours(state, scatter)),
    effect(() => {
      const { selection, indexOf, guest } = state;
      const rows = selection.value;
      const indices = rows.map((row) => indexOf.value[row] ?? -1).filter((index) => index >= 0);
      scatter.setSelection(rows.length > 0 && !guest.value ? indices : null);
    }),
    effect(() => {
      const row = state.hover.value?.row;
      scatter.setHighlight(row === null || row === undefined ? null : indexAt(state, row));
    }),
    effect(() => carryDrawn(state, scatter)),
    effect(() => {
      const shown = state.thumbnails.value && can(state.exhibit.value, "images").possible;
      scatter.setThumbnails(shown && !state.guest.value ? thumbnails(state) : null);
    }),
    carryGrid(state, scatter),
  ];
}

/** The legend lies on the map's left: what is fitted keeps clear of it, and of the tools above. */
function keepClear(scatter: Scatter, element: HTMLElement): () => void {
  const stage = element.parentElement;
  const measure = () => {
    const from = element.getBoundingClientRect().left;
    const covers = stage?.querySelectorAll('.ls-tools, .ls-legend[data-open="true"]') ?? [];
    const left = Array.from(covers, (one) => one.getBoundingClientRect().right - from);
    scatter.setInsets({ left: Math.max(0, ...left), right: 0, top: 0, bottom: 0 });
  };
  const sizes = new ResizeObserver(measure);
  const watch = () => {
    sizes.disconnect();
    sizes.observe(element);
    for (const one of stage?.querySelectorAll(".ls-legend") ?? []) sizes.observe(one);
    measure();
  };
  const parts = new MutationObserver(watch);
  if (stage)
    parts.observe(stage, { childList: true, subtree: true, attributeFilter: ["data-open"] });
  watch();
  return () => {
    parts.disconnect();
    sizes.disconnect();
  };
}

function carryPoints(state: State, scatter: Scatter): () => void {
  let before: unknown = null;
  return effect(() => {
    const guest = state.guest.value;
    const points = state.points.value;
    if (guest) {
      const flows = before !== null && before !== points;
      scatter.setPoints(
        { positions: guest.positions },
        flows ? { animate: 250, view: "keep" } : {},
      );
      before = guest;
    } else if (points) {
      const view = state.view.peek();
      const animate = before && !still() ? FLOW_MS : 0;
      scatter.setPoints(points, { animate, view: "fit" });
      if (view) scatter.setView(view);
      before = points;
    }
  });
}

function carryColours(state: State, scatter: Scatter): void {
  const guest = state.guest.value;
  if (guest) {
    scatter.setColours(guest.labels, { kind: "category" });
    scatter.setFilter(null);
    return;
  }
  const points = state.points.value;
  const card = state.coloured.value;
  const values = state.values.value;
  const hidden = state.hidden.value;
  if (!points || !card || !values) {
    scatter.setColours(null, { kind: "single", colour: "#5a87ff" });
    scatter.setFilter(null);
    return;
  }
  const own = Float32Array.from(points.rows, (row) => values[row] ?? Number.NaN);
  scatter.setColours(own, scaleOf(card));
  const filtered = card.form === "category" && hidden.size > 0;
  scatter.setFilter(filtered ? Uint8Array.from(own, (value) => (hidden.has(value) ? 0 : 1)) : null);
}

/** How a column becomes colours. */
export function scaleOf(card: ColumnCard): Scale {
  if (card.form === "category") return { kind: "category" };
  const domain: [number, number] = [card.low, card.high > card.low ? card.high : card.low + 1];
  return { kind: card.name.startsWith("trust") ? "trust" : "sequential", domain };
}

function carryDrawn(state: State, scatter: Scatter): void {
  const panel = state.panel.value;
  const drawn = (panel && state.overlays.value[panel]) || {};
  const markers: Marker[] = [...(drawn.markers ?? [])];
  const points = state.points.value;
  const pinned = state.pinned.value;
  const index = pinned === null ? null : indexAt(state, pinned);
  if (points && index !== null && !state.guest.value) {
    const x = points.positions[2 * index] as number;
    markers.push({ x, y: points.positions[2 * index + 1] as number, kind: "ring" });
  }
  const map = state.map.value?.name ?? "";
  const place = state.landed.value?.dropped.places[map];
  if (place) markers.push({ x: place[0], y: place[1], kind: "drop", label: "your image" });
  scatter.setMarkers(markers);
  scatter.setPaths(drawn.paths ?? []);
  scatter.setArrows(drawn.arrows ?? null, drawn.arrowStyle ?? {});
}

function thumbnails(state: State) {
  const key = state.key.value;
  const points = state.points.value;
  return (indices: readonly number[], side: number, signal: AbortSignal) => {
    const rows = indices.map((index) => points?.rows[index] ?? 0);
    return state.source.images(key, rows, "original", side, signal);
  };
}

function carryGrid(state: State, scatter: Scatter): () => void {
  let asked: AbortController | null = null;
  return effect(() => {
    asked?.abort();
    const map = state.map.value;
    if (!state.grid.value || !map?.manifold) {
      scatter.setBackground(null);
      return;
    }
    asked = new AbortController();
    const { signal } = asked;
    state.source.manifold(state.key.value, map.name, GRID_SIDE, signal).then(
      (manifold) => {
        if (!signal.aborted) scatter.setBackground({ ...manifold, opacity: 0.85 });
      },
      (reason) => {
        if (signal.aborted) return;
        state.grid.value = false;
        complain(state, reason);
      },
    );
  });
}

/** Bring a sample into sight where it is not, and point it out. */
export function show(state: State, row: number): void {
  const { scatter, points } = state;
  const index = indexAt(state, row);
  if (index === null || !points.value || !scatter.value) return;
  const x = points.value.positions[2 * index] as number;
  const y = points.value.positions[2 * index + 1] as number;
  showPlace(state, x, y);
}

export function showPlace(state: State, x: number, y: number): void {
  const scatter = state.scatter.value;
  if (!scatter) return;
  const [left, bottom, right, top] = scatter.sight;
  if (x > left && x < right && y > bottom && y < top) return;
  scatter.setView({ ...scatter.view, x, y }, { animate: still() ? 0 : 400 });
}

export function indexAt(state: State, row: number): number | null {
  const index = state.indexOf.value[row] ?? -1;
  return index < 0 ? null : index;
}

function mapLabel(state: State): string {
  const map = state.map.value;
  if (!map) return "No map";
  const card = state.exhibit.value;
  return `${map.title} map of ${count(map.n)} samples of ${card.name}`;
}

export function suitOf(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string, other: string) =>
    style.getPropertyValue(`--${name}`).trim() || other;
  return {
    paper: colour("paper", "#fcfbf8"),
    ink: colour("ink", "#1b2130"),
    muted: colour("muted", "#5d6577"),
    rule: colour("rule", "#d8dbe2"),
    model: colour("model", "#2a55d0"),
    second: colour("second", "#b45309"),
  };
}
