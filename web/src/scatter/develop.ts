/** From sums to a picture: the mean colour of each pixel's points, as strong as they are many. */

import { strength } from "./lod";

/** Back from linear light, 12 bits, to a byte. */
const BYTES = Uint8Array.from({ length: 4097 }, (_, i) => {
  const v = i / 4096;
  return Math.round(255 * (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055));
});
const STRENGTHS = 4096;

export interface Sums {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue (linear light) and number of each pixel's points. */
  readonly values: Float32Array;
  /** Whether a row has any point. */
  readonly touched: Uint8Array;
}

/**
 * Sums are first spread over their neighbours by 1:2:1 each way, as if the outermost pixels went
 * on: without it a density of a few points a pixel is grain. Rows are spread as they are needed,
 * so that all but the reading stays in the cache.
 */
export function develop(sums: Sums, full: number, pixels: Uint32Array): void {
  const { width, height } = sums;
  let above: Float32Array = new Float32Array(4 * width);
  let here: Float32Array = new Float32Array(4 * width);
  let below: Float32Array = new Float32Array(4 * width);
  const tones = tonesOf(full);
  let [has, hasBelow] = [false, spreadRow(sums, 0, here)];
  let hasAbove = hasBelow;
  above.set(here);
  for (let y = 0; y < height; y++) {
    has = hasBelow;
    hasBelow = spreadRow(sums, Math.min(y + 1, height - 1), below);
    if (has || hasAbove || hasBelow) toneRow(above, here, below, tones, pixels, y * width);
    else pixels.fill(0, y * width, (y + 1) * width);
    hasAbove = has;
    [above, here, below] = [here, below, above];
  }
}

/** One row spread along itself; false where it is empty. */
function spreadRow({ width, values, touched }: Sums, y: number, row: Float32Array): boolean {
  if (touched[y] === 0) {
    row.fill(0);
    return false;
  }
  const from = 4 * y * width;
  const last = 4 * (width - 1);
  for (let i = 0; i < 4; i++) {
    row[i] = 0.75 * (values[from + i] as number) + 0.25 * (values[from + i + 4] ?? 0);
    row[last + i] =
      0.75 * (values[from + last + i] as number) + 0.25 * (values[from + last + i - 4] ?? 0);
  }
  for (let i = 4, at = from + 4; i < last; i++, at++) {
    row[i] =
      0.25 * ((values[at - 4] as number) + (values[at + 4] as number)) +
      0.5 * (values[at] as number);
  }
  return true;
}

interface Tones {
  /** Strength, 0 to 255, of so many steps of counts; and steps a point. */
  readonly alphas: Uint8Array;
  readonly per: number;
}

function tonesOf(full: number): Tones {
  const per = STRENGTHS / Math.max(4, 4 * full);
  const alphas = new Uint8Array(STRENGTHS + 1);
  for (let i = 0; i <= STRENGTHS; i++) alphas[i] = Math.round(255 * strength(i / per, full));
  return { alphas, per };
}

function toneRow(
  above: Float32Array,
  here: Float32Array,
  below: Float32Array,
  { alphas, per }: Tones,
  pixels: Uint32Array,
  first: number,
): void {
  for (let i = 0, p = first; i < here.length; i += 4, p++) {
    // Four times the count: the quarter comes with the factors below.
    const count = (above[i + 3] as number) + 2 * (here[i + 3] as number) + (below[i + 3] as number);
    if (count === 0) {
      pixels[p] = 0;
      continue;
    }
    const step = (0.25 * count * per + 0.5) | 0;
    const alpha = alphas[Math.min(step, STRENGTHS)] as number;
    const to12 = 4096 / count;
    const r = (above[i] as number) + 2 * (here[i] as number) + (below[i] as number);
    const g = (above[i + 1] as number) + 2 * (here[i + 1] as number) + (below[i + 1] as number);
    const b = (above[i + 2] as number) + 2 * (here[i + 2] as number) + (below[i + 2] as number);
    pixels[p] =
      (alpha << 24) |
      ((BYTES[(b * to12 + 0.5) | 0] as number) << 16) |
      ((BYTES[(g * to12 + 0.5) | 0] as number) << 8) |
      (BYTES[(r * to12 + 0.5) | 0] as number);
  }
}
