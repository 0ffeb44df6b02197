/**
 * Dissolve or morph? The numbers that follow from the frames alone (METHODS §4.3), in the page; a
 * file of shared numbers holds this and the program's own to one another.
 */

import { toEven } from "./ways";

const SAME = 0.5 / 255;
const EDGE_QUANTILE = 0.85;
const EDGE_LEAST = 0.1;
const FLAT_SHARE = 0.25;
const STILL = 1e-3;
const STRAIGHT = 1e-9;

const ON_LINE = 0.05;
const IN_TIME = 0.1;
const OUT_OF_TIME = 0.3;
const DISSOLVES = 0.7;
const BLURS = 1.15;
const KEEPS = 0.3;
const OFF_LINE = 0.2;
const WINDS = 1.5;
const FEWEST_TO_TURN = 5;

/** Frames of one way: `steps · channels · height · width`, in [0, 1]. */
export interface Film {
  readonly steps: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** NaN where the frames do not define a number; `unfit` says why. */
export interface Panel {
  readonly steps: number;
  readonly blend: readonly number[];
  readonly offBlend: readonly number[];
  readonly blendGap: number;
  readonly offBlendMost: number;
  readonly offBlendMedian: number;
  readonly deficit: number;
  readonly pathRatio: number;
  readonly turning: number;
  readonly ghost: number;
  readonly unfit: string;
}

/** Some of the frames, one after another. */
export function cut(film: Film, first: number, last: number): Film {
  const size = sizeOf(film);
  const values = film.values.subarray(first * size, (last + 1) * size);
  return { ...film, steps: last + 1 - first, values };
}

/** The plain cross-dissolve of the first and the last frame. */
export function dissolve(film: Film): Film {
  const { steps, values } = film;
  const size = sizeOf(film);
  const faded = new Float32Array(values.length);
  for (let step = 0; step < steps; step++) {
    const t = step / (steps - 1);
    for (let i = 0; i < size; i++) {
      const a = values[i] as number;
      faded[step * size + i] = a + t * ((values[(steps - 1) * size + i] as number) - a);
    }
  }
  faded.set(values.subarray((steps - 1) * size), (steps - 1) * size);
  return { ...film, values: faded };
}

/** The numbers of one way. */
export function panelOf(film: Film): Panel {
  const { steps } = film;
  const unfit = unfitness(film);
  if (unfit) return nothing(steps, unfit);
  const table = products(film);
  const chord = table[steps * steps - 1] as number;
  const blend = times(steps, (i) => (table[i * steps + steps - 1] as number) / chord);
  const offBlend = times(steps, (i) =>
    Math.max(0, (table[i * steps + i] as number) / chord - (blend[i] as number) ** 2),
  );
  const inner = offBlend.slice(1, -1);
  const { ratio, turning } = polyline(table, steps);
  return {
    steps,
    blend,
    offBlend,
    blendGap: Math.max(...blend.map((value, i) => Math.abs(value - i / (steps - 1)))),
    offBlendMost: Math.max(...inner),
    offBlendMedian: median(inner),
    deficit: deficitOf(film),
    pathRatio: ratio,
    turning,
    ghost: ghostOf(film),
    unfit: "",
  };
}

/** What a way is called, by its frames alone. */
export function verdictOf(panel: Panel): string {
  const { offBlendMost: off, blendGap: gap, deficit, pathRatio, turning } = panel;
  if (panel.unfit) return "undefined";
  const onLine = off < ON_LINE;
  if (onLine && gap < IN_TIME && deficit > DISSOLVES) {
    return deficit > BLURS ? "blurred dissolve" : "dissolve";
  }
  if (onLine && gap > OUT_OF_TIME && deficit < KEEPS) return "cut";
  const turns = off > 2 * ON_LINE && deficit < DISSOLVES && pathRatio > WINDS && turning > Math.PI;
  const winds = panel.offBlendMedian > OFF_LINE && Math.abs(deficit) < KEEPS && pathRatio > WINDS;
  return (panel.steps >= FEWEST_TO_TURN ? turns : winds) ? "morph" : "mixed";
}

/** Why, in a sentence with its numbers. */
export function reasonFor(panel: Panel): string {
  if (panel.unfit) return panel.unfit;
  const name = verdictOf(panel);
  const off = panel.offBlendMost.toFixed(2);
  const gap = panel.blendGap.toFixed(2);
  const lost =
    panel.deficit < 0
      ? "gain contrast where a cross-dissolve loses it"
      : `lose ${Math.round(100 * panel.deficit)} % of the contrast that a cross-dissolve loses`;
  if (name === "dissolve" || name === "blurred dissolve") {
    return `the frames stay on the blend line of their ends (${off} off it at most), keep its time (${gap} off at most) and ${lost}`;
  }
  if (name === "cut") {
    return `the frames stay on the blend line of their ends (${off} off it at most) but switch at once (${gap} of the time off), and ${lost}`;
  }
  const told = `the frames leave the blend line by ${off}, turn by ${panel.turning.toFixed(1)} radians and ${lost}`;
  return name === "morph" ? told : `${told}: neither as a dissolve nor as a morph does`;
}

function sizeOf({ channels, height, width }: Film): number {
  return channels * height * width;
}

function nothing(steps: number, unfit: string): Panel {
  const nan = Number.NaN;
  const none = times(steps, () => nan);
  return {
    steps,
    blend: none,
    offBlend: none,
    blendGap: nan,
    offBlendMost: nan,
    offBlendMedian: nan,
    deficit: nan,
    pathRatio: nan,
    turning: nan,
    ghost: nan,
    unfit,
  };
}

function unfitness(film: Film): string {
  const { steps, channels, values } = film;
  if (steps < 3) return `${steps} frames: a way between two ends needs at least 3`;
  for (const value of values) {
    if (!Number.isFinite(value)) return "the decoder gave NaN or infinite pixels";
  }
  const apart = between(film);
  if (apart.every((value) => Math.abs(value) < SAME)) {
    return "both ends decode to the same picture";
  }
  const places = apart.length / channels;
  for (let c = 0; c < channels; c++) {
    const part = apart.subarray(c * places, (c + 1) * places);
    const mean = part.reduce((a, b) => a + b, 0) / places;
    if (part.some((value) => Math.abs(value - mean) >= SAME)) return "";
  }
  return "its ends differ by an even tone only, so that no contrast is at play";
}

/** Last frame less the first. */
function between(film: Film): Float32Array {
  const size = sizeOf(film);
  const last = film.values.subarray((film.steps - 1) * size);
  return Float32Array.from(last, (value, i) => value - (film.values[i] as number));
}

/** ⟨yᵢ − y₀, yⱼ − y₀⟩, `steps · steps`. */
function products(film: Film): Float64Array {
  const { steps, values } = film;
  const size = sizeOf(film);
  const moved = Float64Array.from(values, (value, i) => value - (values[i % size] as number));
  const table = new Float64Array(steps * steps);
  for (let i = 0; i < steps; i++) {
    for (let j = i; j < steps; j++) {
      let sum = 0;
      const a = i * size;
      const b = j * size;
      for (let p = 0; p < size; p++) sum += (moved[a + p] as number) * (moved[b + p] as number);
      table[i * steps + j] = table[j * steps + i] = sum;
    }
  }
  return table;
}

function polyline(table: Float64Array, steps: number): { ratio: number; turning: number } {
  const at = (i: number, j: number) => table[i * steps + j] as number;
  const step = (i: number, j: number) =>
    at(i + 1, j + 1) - at(i, j + 1) - (at(i + 1, j) - at(i, j));
  const lengths = times(steps - 1, (i) => Math.sqrt(Math.max(0, step(i, i))));
  const length = lengths.reduce((a, b) => a + b, 0);
  const least = (STILL * length) / lengths.length;
  let before = -1;
  let turning = 0;
  lengths.forEach((size, i) => {
    if (!(size > least)) return;
    if (before >= 0) {
      const cosine = step(before, i) / ((lengths[before] as number) * size);
      if (cosine <= 1 - STRAIGHT) turning += Math.acos(Math.min(1, Math.max(-1, cosine)));
    }
    before = i;
  });
  const chord = Math.sqrt(Math.max(0, at(steps - 1, steps - 1)));
  return { ratio: chord > 0 ? Math.max(1, length / chord) : Number.NaN, turning };
}

/** Variance over the places of an image, channels summed. */
function variance(image: ArrayLike<number>, channels: number): number {
  const places = image.length / channels;
  let total = 0;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let squares = 0;
    for (let p = c * places; p < (c + 1) * places; p++) {
      sum += image[p] as number;
      squares += (image[p] as number) ** 2;
    }
    total += Math.max(0, squares / places - (sum / places) ** 2);
  }
  return total;
}

function deficitOf(film: Film): number {
  const { steps, channels, values } = film;
  const size = sizeOf(film);
  const spread = variance(between(film), channels);
  const of = times(steps, (i) => variance(values.subarray(i * size, (i + 1) * size), channels));
  let lost = 0;
  let weight = 0;
  for (let i = 1; i < steps - 1; i++) {
    const t = i / (steps - 1);
    lost += (1 - t) * (of[0] as number) + t * (of[steps - 1] as number) - (of[i] as number);
    weight += t * (1 - t);
  }
  return lost / (weight * spread);
}

/** How much of both ends' own edges is seen at once, at the middle. */
function ghostOf(film: Film): number {
  const { steps } = film;
  if (Math.min(film.height, film.width) < 3) return Number.NaN;
  const first = slopes(film, 0);
  const last = slopes(film, steps - 1);
  const [a, b] = [threshold(first), threshold(last)];
  const ofFirst = first.map((value, i) => +(value > a && (last[i] as number) < FLAT_SHARE * a));
  const ofLast = last.map((value, i) => +(value > b && (first[i] as number) < FLAT_SHARE * b));
  const middles = steps % 2 ? [(steps - 1) / 2] : [steps / 2 - 1, steps / 2];
  const found = middles.map((step) => {
    const t = step / (steps - 1);
    const seen = slopes(film, step);
    const kept = dot(seen, ofFirst) / dot(first, ofFirst);
    return (kept * (dot(seen, ofLast) / dot(last, ofLast))) / (t * (1 - t));
  });
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}

/** |∇y| over all channels by central differences, without the border. */
function slopes(film: Film, step: number): Float64Array {
  const { channels, height, width, values } = film;
  const start = step * sizeOf(film);
  const found = new Float64Array((height - 2) * (width - 2));
  for (let c = 0; c < channels; c++) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const at = start + (c * height + y) * width + x;
        const down = ((values[at + width] as number) - (values[at - width] as number)) / 2;
        const right = ((values[at + 1] as number) - (values[at - 1] as number)) / 2;
        (found[(y - 1) * (width - 2) + x - 1] as number) += down ** 2 + right ** 2;
      }
    }
  }
  return found.map(Math.sqrt);
}

function threshold(values: Float64Array): number {
  const sorted = values.slice().sort();
  const rank = Math.max(1, toEven(EDGE_QUANTILE * sorted.length));
  return Math.max(sorted[rank - 1] as number, EDGE_LEAST * (sorted[sorted.length - 1] as number));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The middle value; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (!sorted.length) return Number.NaN;
  if (sorted.length % 2) return sorted[half] as number;
  return ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

function times(n: number, value: (i: number) => number): number[] {
  return Array.from({ length: n }, (_, i) => value(i));
}
