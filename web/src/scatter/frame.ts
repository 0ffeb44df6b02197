/**
 * Two steps from a place to the screen. A frame puts a layout into the unit square, so that two
 * layouts of other units can flow into each other and single precision keeps what a deep zoom
 * needs. A camera puts the unit square onto the screen.
 */

import type { Extent, View } from "./scatter";

/** `unit = (place − middle) · scale`, y upwards; `half` is the layout's reach in units. */
export interface Frame {
  readonly cx: number;
  readonly cy: number;
  readonly sx: number;
  readonly sy: number;
  readonly halfX: number;
  readonly halfY: number;
}

/** `screen = size / 2 ± (unit − eye) · pixels`. */
export interface Camera {
  readonly width: number;
  readonly height: number;
  readonly ex: number;
  readonly ey: number;
  /** Pixels of a unit, and those of it before zooming. */
  readonly px: number;
  readonly py: number;
}

export const UNIT: Frame = { cx: 0, cy: 0, sx: 1, sy: 1, halfX: 1, halfY: 1 };
const MARGIN = 0.06;

/** Extent of the points that have a place; the unit box where there is none. */
export function extentOf(positions: Float32Array): Extent {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < positions.length; i += 2) {
    const x = positions[i] as number;
    const y = positions[i + 1] as number;
    if (!Number.isFinite(x + y)) continue;
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  return x0 <= x1 ? [x0, y0, x1, y1] : [-1, -1, 1, 1];
}

/**
 * Extent of nearly all points: without the outermost `share` at each side, which would make the
 * others small, but with a tenth more room. Never more than the extent of all.
 */
export function bodyOf(positions: Float32Array, share = 0.001): Extent {
  const n = positions.length >> 1;
  const looked = Math.min(n, 20_000);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let j = 0; j < looked; j++) {
    // Spread by the golden ratio: every second point may be of one class.
    const i = looked === n ? j : Math.floor(((j * 0.6180339887498949) % 1) * n);
    const [x, y] = [positions[2 * i] as number, positions[2 * i + 1] as number];
    if (!Number.isFinite(x + y)) continue;
    xs.push(x);
    ys.push(y);
  }
  if (xs.length === 0) return [-1, -1, 1, 1];
  const [left, right] = ends(Float64Array.from(xs).sort(), share);
  const [bottom, top] = ends(Float64Array.from(ys).sort(), share);
  const [x0, y0, x1, y1] = extentOf(positions);
  const [more, higher] = [0.1 * (right - left), 0.1 * (top - bottom)];
  return [
    Math.max(x0, left - more),
    Math.max(y0, bottom - higher),
    Math.min(x1, right + more),
    Math.min(y1, top + higher),
  ];
}

function ends(sorted: Float64Array, share: number): [number, number] {
  const out = Math.floor((sorted.length - 1) * share);
  return [sorted[out] as number, sorted[sorted.length - 1 - out] as number];
}

export function frameOf([x0, y0, x1, y1]: Extent, aspect: "equal" | "free"): Frame {
  let rx = (x1 - x0) / 2;
  let ry = (y1 - y0) / 2;
  // Points on one spot or one line still have a surrounding.
  const least = Math.max(rx, ry, 1e-6 * Math.max(Math.abs(x0), Math.abs(y0), 1e-3)) * 1e-3;
  rx = Math.max(rx, least);
  ry = Math.max(ry, least);
  const middle = { cx: (x0 + x1) / 2, cy: (y0 + y1) / 2 };
  if (aspect === "free") return { ...middle, sx: 1 / rx, sy: 1 / ry, halfX: 1, halfY: 1 };
  const reach = Math.max(rx, ry);
  return { ...middle, sx: 1 / reach, sy: 1 / reach, halfX: rx / reach, halfY: ry / reach };
}

/** Positions in units of the frame. */
export function toUnits(positions: Float32Array, frame: Frame): Float32Array {
  const units = new Float32Array(positions.length);
  const { cx, cy, sx, sy } = frame;
  for (let i = 0; i + 1 < positions.length; i += 2) {
    units[i] = ((positions[i] as number) - cx) * sx;
    units[i + 1] = ((positions[i + 1] as number) - cy) * sy;
  }
  return units;
}

/** Pixels of a unit when the whole is in sight. */
export function basePixels(
  frame: Frame,
  aspect: "equal" | "free",
  width: number,
  height: number,
): [number, number] {
  const wide = (Math.max(width, 1) / 2) * (1 - MARGIN);
  const high = (Math.max(height, 1) / 2) * (1 - MARGIN);
  if (aspect === "free") return [wide, high];
  const both = Math.min(wide / frame.halfX, high / frame.halfY);
  return [both, both];
}

export function toScreen(camera: Camera, ux: number, uy: number): [number, number] {
  return [
    camera.width / 2 + (ux - camera.ex) * camera.px,
    camera.height / 2 - (uy - camera.ey) * camera.py,
  ];
}

export function toUnit(camera: Camera, x: number, y: number): [number, number] {
  return [
    camera.ex + (x - camera.width / 2) / camera.px,
    camera.ey - (y - camera.height / 2) / camera.py,
  ];
}

/** Left, bottom, right, top in units of what the camera sees, `pad` pixels more on each side. */
export function sightOf(camera: Camera, pad = 0): Extent {
  const rx = (camera.width / 2 + pad) / camera.px;
  const ry = (camera.height / 2 + pad) / camera.py;
  return [camera.ex - rx, camera.ey - ry, camera.ex + rx, camera.ey + ry];
}

/** The view that shows an extent of the layout whole, with some margin. */
export function viewOf(
  [x0, y0, x1, y1]: Extent,
  frame: Frame,
  base: readonly [number, number],
  size: readonly [number, number],
): View {
  const wide = Math.abs(x1 - x0) * frame.sx * base[0];
  const high = Math.abs(y1 - y0) * frame.sy * base[1];
  const room = 1 - MARGIN;
  const k = Math.min((size[0] * room) / (wide || 1e-9), (size[1] * room) / (high || 1e-9));
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, k };
}
