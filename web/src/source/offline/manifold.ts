/** A grid over the middle of a map, in tiles of the images' own aspect. */

/** Share of the points left outside on each side: outliers would leave no room. */
const EDGE = 0.005;

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** x and y of the middle of each tile, row by row. */
  readonly places: readonly (readonly [number, number])[];
}

/**
 * A grid over the middle 99 % of `n · 2` positions.
 *
 * `side` is tiles along the longer way, `aspect` the height of an image over its width.
 */
export function gridOver(positions: Float32Array, side: number, aspect: number): Grid {
  const [left, right] = middleOf(positions, 0);
  const [bottom, top] = middleOf(positions, 1);
  const least = 1e-6 * Math.max(1, ...[left, right, bottom, top].map(Math.abs));
  const wide = Math.max(right - left, least);
  const tall = Math.max(top - bottom, least);
  const width = Math.max(wide, tall / aspect) / side;
  const columns = clamped(wide / width, side);
  const rows = clamped(tall / (width * aspect), side);
  const at = (middle: number, i: number, n: number, step: number) =>
    middle + (i - (n - 1) / 2) * step;
  const xs = Array.from({ length: columns }, (_, i) => at((left + right) / 2, i, columns, width));
  const ys = Array.from({ length: rows }, (_, i) =>
    at((bottom + top) / 2, i, rows, width * aspect),
  );
  return {
    columns,
    rows,
    x: [xs[0] as number, xs[columns - 1] as number],
    y: [ys[0] as number, ys[rows - 1] as number],
    places: ys.flatMap((y) => xs.map((x) => [x, y] as const)),
  };
}

function clamped(wanted: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(wanted)));
}

function middleOf(positions: Float32Array, axis: number): [number, number] {
  const along = positions.filter((_, i) => i % 2 === axis).sort();
  const at = (share: number) => {
    const place = share * (along.length - 1);
    const below = along[Math.floor(place)] as number;
    return below + (place % 1) * ((along[Math.ceil(place)] as number) - below);
  };
  return [at(EDGE), at(1 - EDGE)];
}
