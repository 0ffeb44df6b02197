/**
 * Points in the cells of a uniform grid, row by row. Who is near, who is in sight and how dense it
 * is are read from the cells. Points are kept in the order of their cells ("slots"), so that those
 * in sight are runs of neighbours in memory.
 */

import { bodyOf } from "./frame";
import type { Extent } from "./scatter";

export interface Grid {
  readonly n: number;
  /** Cells each way. */
  readonly columns: number;
  readonly rows: number;
  /** Lower left corner of the cells, and cells a unit. Points beyond are in the outermost cells. */
  readonly x0: number;
  readonly y0: number;
  readonly perX: number;
  readonly perY: number;
  /** First slot of each cell; one more at the end. Points without a place are behind it. */
  readonly starts: Uint32Array;
  /** The point in each slot, and the slot of each point. */
  readonly order: Uint32Array;
  /** x, y of each slot. */
  readonly sorted: Float32Array;
  /** Points of a square unit where half, and where all but 1 %, of the points are less crowded. */
  readonly typical: number;
  readonly crowded: number;
}

const POINTS_A_CELL = 3;
const MOST_CELLS = 1024;
const FULLEST = 65_535;

export function buildGrid(units: Float32Array): Grid {
  const n = units.length >> 1;
  // A few points far away should not make all cells large.
  const [x0, y0, x1, y1] = bodyOf(units, 0.002);
  const side = Math.min(MOST_CELLS, Math.max(1, Math.ceil(Math.sqrt(n / POINTS_A_CELL))));
  const [columns, rows] = [side, side];
  const perX = (columns * 0.9999) / Math.max(x1 - x0, 1e-9);
  const perY = (rows * 0.9999) / Math.max(y1 - y0, 1e-9);
  const cells = new Uint32Array(n);
  const starts = new Uint32Array(columns * rows + 2);
  for (let i = 0; i < n; i++) {
    const x = units[2 * i] as number;
    const y = units[2 * i + 1] as number;
    let cell = columns * rows;
    if (Number.isFinite(x + y)) {
      const c = Math.min(columns - 1, Math.max(0, Math.floor((x - x0) * perX)));
      const r = Math.min(rows - 1, Math.max(0, Math.floor((y - y0) * perY)));
      cell = r * columns + c;
    }
    cells[i] = cell;
    starts[cell + 1] = (starts[cell + 1] as number) + 1;
  }
  const { typical, crowded } = crowding(starts, columns * rows, perX * perY);
  for (let c = 0; c <= columns * rows; c++) {
    starts[c + 1] = (starts[c + 1] as number) + (starts[c] as number);
  }
  const { order, sorted } = sortIntoCells(units, cells, starts);
  return { n, columns, rows, x0, y0, perX, perY, starts, order, sorted, typical, crowded };
}

/** Quantiles over points, not cells, of how full a point's own cell is. */
function crowding(counts: Uint32Array, nCells: number, perUnit: number) {
  const cellsOf = new Uint32Array(FULLEST + 1);
  let total = 0;
  for (let c = 0; c < nCells; c++) {
    const count = Math.min(counts[c + 1] as number, FULLEST);
    cellsOf[count] = (cellsOf[count] as number) + 1;
    total += count;
  }
  const at = (share: number) => {
    let passed = 0;
    for (let count = 1; count <= FULLEST; count++) {
      passed += count * (cellsOf[count] as number);
      if (passed > 0 && passed >= share * total) return count * perUnit;
    }
    return perUnit;
  };
  return { typical: at(0.5), crowded: at(0.99) };
}

/** Counting sort. Points are visited out of their order, so that none is always drawn on top. */
function sortIntoCells(units: Float32Array, cells: Uint32Array, starts: Uint32Array) {
  const n = cells.length;
  const order = new Uint32Array(n);
  const sorted = new Float32Array(2 * n);
  const next = starts.slice();
  const step = coprime(n);
  for (let j = 0, i = 0; j < n; j++, i = (i + step) % n) {
    const cell = cells[i] as number;
    const slot = next[cell] as number;
    next[cell] = slot + 1;
    order[slot] = i;
    sorted[2 * slot] = units[2 * i] as number;
    sorted[2 * slot + 1] = units[2 * i + 1] as number;
  }
  return { order, sorted };
}

/** About .618 n without a common divisor, so that its multiples visit each number below n once. */
function coprime(n: number): number {
  let step = Math.max(1, Math.round(n * 0.618034));
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  while (divisor(step, n) > 1) step += 1;
  return step % Math.max(n, 1) || 1;
}

/** First and last column and row of the cells that meet a box. */
export function cellsIn(grid: Grid, [x0, y0, x1, y1]: Extent): [number, number, number, number] {
  const column = (x: number) =>
    Math.min(grid.columns - 1, Math.max(0, Math.floor((x - grid.x0) * grid.perX)));
  const row = (y: number) =>
    Math.min(grid.rows - 1, Math.max(0, Math.floor((y - grid.y0) * grid.perY)));
  return [column(x0), row(y0), column(x1), row(y1)];
}

/** Slots of the cells that meet a box: first and behind the last, a pair for each row of cells. */
export function runsIn(grid: Grid, box: Extent): Uint32Array {
  const [c0, r0, c1, r1] = cellsIn(grid, box);
  const runs = new Uint32Array(2 * (r1 - r0 + 1));
  for (let r = r0; r <= r1; r++) {
    runs[2 * (r - r0)] = grid.starts[r * grid.columns + c0] as number;
    runs[2 * (r - r0) + 1] = grid.starts[r * grid.columns + c1 + 1] as number;
  }
  return runs;
}

export function countIn(runs: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < runs.length; i += 2) count += (runs[i + 1] as number) - (runs[i] as number);
  return count;
}

/** The nearest shown point within `rx`, `ry` units of a place (an ellipse: a circle on screen). */
export function nearest(
  grid: Grid,
  at: readonly [number, number],
  reach: readonly [number, number],
  shown: Uint8Array | null,
): number | null {
  const [x, y] = at;
  const runs = runsIn(grid, [x - reach[0], y - reach[1], x + reach[0], y + reach[1]]);
  const [wx, wy] = [1 / reach[0], 1 / reach[1]];
  const { sorted, order } = grid;
  let [best, found] = [1, -1];
  for (let r = 0; r < runs.length; r += 2) {
    for (let slot = runs[r] as number; slot < (runs[r + 1] as number); slot++) {
      const dx = ((sorted[2 * slot] as number) - x) * wx;
      const dy = ((sorted[2 * slot + 1] as number) - y) * wy;
      const distance = dx * dx + dy * dy;
      if (distance > best) continue;
      if (shown !== null && shown[order[slot] as number] === 0) continue;
      best = distance;
      found = order[slot] as number;
    }
  }
  return found < 0 ? null : found;
}
