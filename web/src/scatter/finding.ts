/** Questions from the screen to the grid: who is here, who is inside, where are these. */

import { extentOf } from "./frame";
import { nearest } from "./grid";
import { insideBox, insidePolygon } from "./lasso";
import type { Plot } from "./plot";
import type { Extent } from "./scatter";
import type { Sight } from "./sight";

/** Spacings round a lone point that are shown with it, and the least share of the layout. */
const NEIGHBOURS = 6;
const LEAST_ROOM = 0.02;

export type Area = { polygon: ArrayLike<number> } | { box: Extent };

/** The point whose picture is here, or the nearest within `radius` px. */
export function pick(
  plot: Plot,
  sight: Sight,
  [px, py]: readonly [number, number],
  radius: number,
): number | null {
  const pictured = plot.album?.at(px, py) ?? null;
  if (pictured !== null) return pictured;
  const { px: perX, py: perY } = sight.camera;
  const at = sight.units(...sight.place(px, py));
  return nearest(plot.grid, at, [radius / perX, radius / perY], plot.shown);
}

export function within({ grid, shown }: Plot, sight: Sight, area: Area): Uint32Array {
  const units = (corners: ArrayLike<number>) => {
    const moved = new Float64Array(corners.length);
    for (let i = 0; i + 1 < corners.length; i += 2) {
      moved.set(sight.units(corners[i] as number, corners[i + 1] as number), i);
    }
    return moved;
  };
  if ("polygon" in area) return insidePolygon(grid, units(area.polygon), shown);
  const [x0, y0, x1, y1] = units(area.box) as unknown as Extent;
  return insideBox(grid, [x0, y0, x1, y1], shown);
}

/** The extent of some points, with their neighbours. */
export function extentAround(
  plot: Plot,
  sight: Sight,
  positions: Float32Array,
  indices: ArrayLike<number>,
): Extent {
  const chosen = new Float32Array(2 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    chosen.set(positions.subarray(2 * index, 2 * index + 2), 2 * i);
  }
  const [x0, y0, x1, y1] = extentOf(chosen);
  const { sx, sy } = sight.frame;
  const room = Math.max(LEAST_ROOM, NEIGHBOURS / Math.sqrt(plot.grid.typical));
  return [x0 - room / sx, y0 - room / sy, x1 + room / sx, y1 + room / sy];
}
