/** The palette of figures and report, for what is drawn by hand; `tokens.css` has the suits. */

export const CLASS_COLOURS = [
  "#5a87ff",
  "#c30000",
  "#e1b400",
  "#694ba5",
  "#b4b4ff",
  "#2d3cff",
  "#3cd2a5",
  "#a578a5",
  "#e16900",
  "#1e695a",
] as const;
export const UNKNOWN = "#8c93a1";

export const SEQUENTIAL = [
  "#1d1147",
  "#37399b",
  "#1f78a8",
  "#2fb08c",
  "#a5d86b",
  "#f9f5c0",
] as const;
export const TRUST = ["#f08a00", "#bd6a80", "#3a59cf"] as const;
export const DIVERGING = [
  "#173a8f",
  "#5b8fe0",
  "#c9d8ee",
  "#f3efe6",
  "#f2c79b",
  "#d97b2b",
  "#8a3b06",
] as const;

/** The colour of a class; unknown where its code is below nought. */
export function classColour(code: number): string {
  return code < 0 ? UNKNOWN : (CLASS_COLOURS[code % CLASS_COLOURS.length] ?? UNKNOWN);
}

export type Rgb = readonly [number, number, number];

export function rgb(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A ramp through evenly spaced stops: `256 · 3` bytes. */
export function ramp(stops: readonly string[]): Uint8Array {
  const table = new Uint8Array(256 * 3);
  const colours = stops.map(rgb);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (colours.length - 1);
    const low = Math.min(Math.floor(at), colours.length - 2);
    const [a, b] = [colours[low] as Rgb, colours[low + 1] as Rgb];
    for (let c = 0; c < 3; c++) {
      const [from, to] = [a[c] as number, b[c] as number];
      table[i * 3 + c] = Math.round(from + (to - from) * (at - low));
    }
  }
  return table;
}
