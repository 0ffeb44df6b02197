/**
 * Points inside a polygon. Cells that no edge crosses are in or out as a whole; only points of the
 * others are asked one by one, and only against the edges that pass their row of cells.
 */

import { cellsIn, type Grid, runsIn } from "./grid";
import type { Extent } from "./scatter";

/** Indices in increasing order; what winds round a point, however often, holds it. */
export function insidePolygon(
  grid: Grid,
  corners: ArrayLike<number>,
  shown: Uint8Array | null,
): Uint32Array {
  const box = boxOf(corners);
  if (box === null) return new Uint32Array(0);
  const [c0, r0, c1, r1] = cellsIn(grid, box);
  const held = new Uint8Array(grid.n);
  const crossed = new Uint8Array(grid.columns);
  for (let r = r0; r <= r1; r++) {
    const edges = edgesOfRow(grid, corners, r);
    markCrossed(grid, edges, r, crossed);
    for (let c = c0; c <= c1; c++) {
      const cell = r * grid.columns + c;
      const [first, end] = [grid.starts[cell] as number, grid.starts[cell + 1] as number];
      if (first === end) continue;
      const each = crossed[c] === 1;
      if (!each && !winds(edges, centreX(grid, c), centreY(grid, r))) continue;
      for (let slot = first; slot < end; slot++) {
        const index = grid.order[slot] as number;
        if (shown !== null && shown[index] === 0) continue;
        const [x, y] = [grid.sorted[2 * slot] as number, grid.sorted[2 * slot + 1] as number];
        if (!each || winds(edges, x, y)) held[index] = 1;
      }
    }
  }
  return marked(held);
}

export function insideBox(grid: Grid, box: Extent, shown: Uint8Array | null): Uint32Array {
  const [x0, y0] = [Math.min(box[0], box[2]), Math.min(box[1], box[3])];
  const [x1, y1] = [Math.max(box[0], box[2]), Math.max(box[1], box[3])];
  const runs = runsIn(grid, [x0, y0, x1, y1]);
  const held = new Uint8Array(grid.n);
  for (let r = 0; r < runs.length; r += 2) {
    for (let slot = runs[r] as number; slot < (runs[r + 1] as number); slot++) {
      const [x, y] = [grid.sorted[2 * slot] as number, grid.sorted[2 * slot + 1] as number];
      if (x < x0 || x > x1 || y < y0 || y > y1) continue;
      const index = grid.order[slot] as number;
      if (shown === null || shown[index] !== 0) held[index] = 1;
    }
  }
  return marked(held);
}

function marked(held: Uint8Array): Uint32Array {
  let count = 0;
  for (let i = 0; i < held.length; i++) count += held[i] as number;
  const indices = new Uint32Array(count);
  for (let i = 0, at = 0; i < held.length; i++) if (held[i] === 1) indices[at++] = i;
  return indices;
}

/** Drops corners nearer than `step` to the one before: a hand draws more than it means. */
export function thinned(corners: readonly number[], step: number): Float32Array {
  const kept: number[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) {
    const [x, y] = [corners[i] as number, corners[i + 1] as number];
    const [lastX, lastY] = [kept.at(-2) ?? Infinity, kept.at(-1) ?? Infinity];
    if (Math.hypot(x - lastX, y - lastY) >= step) kept.push(x, y);
  }
  return Float32Array.from(kept);
}

function boxOf(corners: ArrayLike<number>): Extent | null {
  if (corners.length < 6) return null;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < corners.length; i += 2) {
    x0 = Math.min(x0, corners[i] as number);
    x1 = Math.max(x1, corners[i] as number);
    y0 = Math.min(y0, corners[i + 1] as number);
    y1 = Math.max(y1, corners[i + 1] as number);
  }
  return [x0, y0, x1, y1];
}

/** x, y, x, y of each edge that reaches into a row of cells; outer rows have no outer bound. */
function edgesOfRow(grid: Grid, corners: ArrayLike<number>, row: number): number[] {
  const low = row === 0 ? -Infinity : grid.y0 + row / grid.perY;
  const high = row === grid.rows - 1 ? Infinity : grid.y0 + (row + 1) / grid.perY;
  // A hair's breadth, so that rounding of a cell's bounds leaves out no edge.
  const slack = 1e-6 / grid.perY;
  const edges: number[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) {
    const j = (i + 2) % (corners.length - (corners.length % 2));
    const [ax, ay] = [corners[i] as number, corners[i + 1] as number];
    const [bx, by] = [corners[j] as number, corners[j + 1] as number];
    if (Math.max(ay, by) < low - slack || Math.min(ay, by) > high + slack) continue;
    edges.push(ax, ay, bx, by);
  }
  return edges;
}

/** Marks the cells of a row that an edge may cross, and all that have no outer bound. */
function markCrossed(grid: Grid, edges: number[], row: number, crossed: Uint8Array): void {
  const last = grid.columns - 1;
  crossed.fill(row === 0 || row === grid.rows - 1 ? 1 : 0);
  crossed[0] = 1;
  crossed[last] = 1;
  const [low, high] = [grid.y0 + row / grid.perY, grid.y0 + (row + 1) / grid.perY];
  for (let e = 0; e < edges.length; e += 4) {
    const [ax, ay] = [edges[e] as number, edges[e + 1] as number];
    const [bx, by] = [edges[e + 2] as number, edges[e + 3] as number];
    const rise = by - ay;
    const part = (y: number) => Math.min(1, Math.max(0, (y - ay) / rise));
    const from = rise === 0 ? ax : ax + (bx - ax) * part(low);
    const to = rise === 0 ? bx : ax + (bx - ax) * part(high);
    const column = (x: number) => Math.floor((x - grid.x0) * grid.perX);
    const left = Math.max(0, column(Math.min(from, to)) - 1);
    const right = Math.min(last, column(Math.max(from, to)) + 1);
    if (left <= right) crossed.fill(1, left, right + 1);
  }
}

const centreX = (grid: Grid, column: number) => grid.x0 + (column + 0.5) / grid.perX;
const centreY = (grid: Grid, row: number) => grid.y0 + (row + 0.5) / grid.perY;

/** Winding number of the edges round a place, counted along a ray to the right. */
function winds(edges: readonly number[], x: number, y: number): boolean {
  let turns = 0;
  for (let e = 0; e < edges.length; e += 4) {
    const [ay, by] = [edges[e + 1] as number, edges[e + 3] as number];
    if (ay > y === by > y) continue;
    const [ax, bx] = [edges[e] as number, edges[e + 2] as number];
    if (x < ax + ((y - ay) / (by - ay)) * (bx - ax)) turns += by > ay ? 1 : -1;
  }
  return turns !== 0;
}
