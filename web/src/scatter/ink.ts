/**
 * The colour, strength and shape of each point, in the order of the grid's slots: one packed array
 * that both painters read.
 */

import { CLASS_COLOURS, DIVERGING, ramp, rgb, SEQUENTIAL, TRUST, UNKNOWN } from "../look/tokens";
import type { Scale, Theme } from "./scatter";

/** Shapes as the painters number them; classes past the tenth take the next, no value the ring. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "wedge", "plus", "ring"] as const;
export const RING = 6;

/** Strength, in the alpha byte: hidden by the filter, faded beside a selection, plain. */
export const HIDDEN = 0;
export const FADED = 40;
export const PLAIN = 255;

export interface Ink {
  /** `0xAABBGGRR` of each slot, alpha being strength. */
  readonly colours: Uint32Array;
  readonly shapes: Uint8Array;
  /** Whether any point fades beside a selection. */
  readonly fading: boolean;
}

export interface Inking {
  readonly values: ArrayLike<number> | null;
  readonly scale: Scale;
  readonly selection: Uint8Array | null;
  readonly shown: Uint8Array | null;
  readonly theme: Theme;
}

const RAMPS = { sequential: SEQUENTIAL, diverging: DIVERGING, trust: TRUST } as const;

/**
 * The stops of a scale's ramp as it is drawn on this paper: the end of the sequential ramp that
 * would vanish on it is left out. Legends draw these.
 */
export function stopsOf(kind: keyof typeof RAMPS, theme: Theme): string[] {
  const table = ramp(RAMPS[kind]);
  const [from, to] = kind !== "sequential" ? [0, 1] : isDark(theme) ? [0.2, 1] : [0, 0.86];
  return Array.from({ length: 9 }, (_, i) => {
    const at = 3 * Math.round(255 * (from + ((to - from) * i) / 8));
    const hex = Array.from(table.subarray(at, at + 3), (v) => v.toString(16).padStart(2, "0"));
    return `#${hex.join("")}`;
  });
}

export function isDark(theme: Theme): boolean {
  const [r, g, b] = rgb(theme.paper);
  return r + g + b < 384;
}

export function inkOf(order: Uint32Array, inking: Inking): Ink {
  const n = order.length;
  const colours = new Uint32Array(n);
  const shapes = new Uint8Array(n);
  const { values, selection, shown } = inking;
  const { colourOf, shapeOf } = pens(inking);
  const hasValues = values !== null;
  for (let slot = 0; slot < n; slot++) {
    const index = order[slot] as number;
    const value = hasValues ? (values[index] ?? Number.NaN) : 0;
    let strength = PLAIN;
    if (shown !== null && shown[index] === 0) strength = HIDDEN;
    else if (selection !== null && selection[index] === 0) strength = FADED;
    colours[slot] = (colourOf(value) | (strength << 24)) >>> 0;
    shapes[slot] = shapeOf(value);
  }
  return { colours, shapes, fading: selection !== null };
}

interface Pens {
  colourOf(value: number): number;
  shapeOf(value: number): number;
}

function pens({ values, scale, theme }: Inking): Pens {
  const none = pack(UNKNOWN);
  if (values === null || scale.kind === "single") {
    const colour = pack(scale.kind === "single" ? scale.colour : theme.model);
    return {
      colourOf: (v) => (!Number.isNaN(v) ? colour : none),
      shapeOf: (v) => (!Number.isNaN(v) ? 0 : RING),
    };
  }
  if (scale.kind === "category") {
    const wheel = CLASS_COLOURS.map(pack);
    const turns = wheel.length;
    return {
      colourOf: (v) => (v >= 0 ? (wheel[v % turns] as number) : none),
      shapeOf: (v) => (v >= 0 ? Math.floor(v / turns) % RING : RING),
    };
  }
  const table = packedRamp(stopsOf(scale.kind, theme));
  const [low, high] = scale.domain;
  const per = high === low ? 0 : 255 / (high - low);
  return {
    colourOf: (v) =>
      !Number.isNaN(v) ? (table[Math.min(255, Math.max(0, (v - low) * per)) | 0] as number) : none,
    shapeOf: (v) => (!Number.isNaN(v) ? 0 : RING),
  };
}

function packedRamp(stops: readonly string[]): Uint32Array {
  const table = ramp(stops);
  const packed = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = [table[3 * i], table[3 * i + 1], table[3 * i + 2]] as [
      number,
      number,
      number,
    ];
    packed[i] = r | (g << 8) | (b << 16);
  }
  return packed;
}

function pack(colour: string): number {
  const [r, g, b] = rgb(colour);
  return r | (g << 8) | (b << 16);
}
