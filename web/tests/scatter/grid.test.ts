import { describe, expect, it } from "vitest";
import { buildGrid, countIn, nearest, runsIn } from "../../src/scatter/grid";
import { insideBox, insidePolygon, thinned } from "../../src/scatter/lasso";
import { drawn, lots } from "./lots";

const CASES: Record<string, Float32Array> = {
  random: drawn(3000, 1),
  "one far away": Float32Array.from([...drawn(2000, 2), 1e6, -1e6]),
  "all on one spot": new Float32Array(400).fill(0.25),
  "on a line": Float32Array.from({ length: 600 }, (_, i) => (i % 2 ? 0 : i / 600)),
  "some without a place": Float32Array.from(drawn(900, 3), (v, i) => (i % 14 < 2 ? Number.NaN : v)),
  one: Float32Array.of(0.3, -0.2),
  none: new Float32Array(0),
};

const indicesOf = (points: Float32Array) => [...Array(points.length >> 1).keys()];

describe.each(Object.entries(CASES))("a grid of points: %s", (_, points) => {
  const grid = buildGrid(points);

  it("holds each point once, in the place it has", () => {
    expect([...grid.order].sort((a, b) => a - b)).toEqual(indicesOf(points));
    grid.order.forEach((index, slot) => {
      expect(grid.sorted[2 * slot]).toBe(points[2 * index]);
      expect(grid.sorted[2 * slot + 1]).toBe(points[2 * index + 1]);
    });
  });

  it("sees every point that has a place, and no other, in an endless box", () => {
    const placed = indicesOf(points).filter((i) => Number.isFinite(points[2 * i]));
    expect(countIn(runsIn(grid, [-1e9, -1e9, 1e9, 1e9]))).toBe(placed.length);
  });

  it("finds the nearest as a search through all does", () => {
    const lot = lots(4);
    for (let turn = 0; turn < 60; turn++) {
      const at = [2.4 * lot() - 1.2, 2.4 * lot() - 1.2] as const;
      const found = nearest(grid, at, [0.2, 0.1], null);
      const distance = (i: number) =>
        (((points[2 * i] as number) - at[0]) / 0.2) ** 2 +
        (((points[2 * i + 1] as number) - at[1]) / 0.1) ** 2;
      const least = Math.min(
        Infinity,
        ...indicesOf(points)
          .map(distance)
          .filter((d) => d <= 1),
      );
      if (found === null) expect(least).toBe(Infinity);
      else expect(distance(found)).toBeCloseTo(least, 5);
    }
  });

  it("finds what a polygon and a box hold as asking each point does", () => {
    const star = Array.from({ length: 40 }, (_, i) => {
      const turn = (Math.floor(i / 2) / 20) * 2 * Math.PI;
      const reach = Math.floor(i / 2) % 2 ? 0.9 : 0.3;
      return reach * (i % 2 ? Math.sin(turn) : Math.cos(turn)) + 0.013;
    });
    expect([...insidePolygon(grid, star, null)]).toEqual(
      indicesOf(points).filter((i) =>
        holds(star, points[2 * i] as number, points[2 * i + 1] as number),
      ),
    );
    const box = [-0.5, -0.3, 0.4, 0.8] as const;
    expect([...insideBox(grid, box, null)]).toEqual(
      indicesOf(points).filter((i) => {
        const [x, y] = [points[2 * i] as number, points[2 * i + 1] as number];
        return x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3];
      }),
    );
  });
});

/** The angle round the place that the corners go through: a whole turn where they hold it. */
function holds(corners: readonly number[], x: number, y: number): boolean {
  if (!Number.isFinite(x + y)) return false;
  let turned = 0;
  for (let i = 0; i < corners.length; i += 2) {
    const j = (i + 2) % corners.length;
    const [ax, ay] = [(corners[i] as number) - x, (corners[i + 1] as number) - y];
    const [bx, by] = [(corners[j] as number) - x, (corners[j + 1] as number) - y];
    turned += Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }
  return Math.abs(turned) > Math.PI;
}

describe("finding points", () => {
  const points = drawn(2000, 7);
  const grid = buildGrid(points);

  it("passes over those that the filter hides", () => {
    const shown = new Uint8Array(2000).fill(1);
    const first = nearest(grid, [0, 0], [1, 1], shown) as number;
    shown[first] = 0;
    expect(nearest(grid, [0, 0], [1, 1], shown)).not.toBe(first);
    const everywhere = [-9, -9, 9, -9, 9, 9, -9, 9];
    expect(insidePolygon(grid, everywhere, shown)).toHaveLength(1999);
    expect(insideBox(grid, [9, 9, -9, -9], shown)).toHaveLength(1999);
  });

  it("holds what a lasso goes round twice, and nothing with two corners", () => {
    const twice = [-9, -9, 9, -9, 9, 9, -9, 9, -9, -9, 9, -9, 9, 9, -9, 9];
    expect(insidePolygon(grid, twice, null)).toHaveLength(2000);
    expect(insidePolygon(grid, [0, 0, 1, 1], null)).toHaveLength(0);
  });

  it("thins a hand's corners to a step", () => {
    expect([...thinned([0, 0, 1, 0, 2, 0, 5, 0], 3)]).toEqual([0, 0, 5, 0]);
  });

  it("knows how crowded points are where most of them are", () => {
    const square = Float32Array.from({ length: 20_000 }, lots(9));
    expect(buildGrid(square).typical).toBeGreaterThan(5_000);
    expect(buildGrid(square).typical).toBeLessThan(20_000);
  });
});
