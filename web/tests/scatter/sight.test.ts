import { describe, expect, it } from "vitest";
import { bodyOf, extentOf, frameOf, toUnits } from "../../src/scatter/frame";
import { Sight } from "../../src/scatter/sight";
import { drawn, lots } from "./lots";

function sightOn(positions: Float32Array, aspect: "equal" | "free" = "equal"): Sight {
  const sight = new Sight(aspect);
  [sight.width, sight.height] = [800, 500];
  sight.change(frameOf(extentOf(positions), aspect));
  return sight;
}

describe("what is looked at", () => {
  const points = drawn(500, 1).map((v, i) => (i % 2 ? 40 * v + 7 : 3 * v - 1000));

  it.each(["equal", "free"] as const)("shows all of a layout, y upwards, %s", (aspect) => {
    const sight = sightOn(points, aspect);
    const [x0, y0, x1, y1] = extentOf(points);
    const [left, bottom] = sight.screen(x0, y0);
    const [right, top] = sight.screen(x1, y1);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThanOrEqual(800);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(bottom).toBeLessThanOrEqual(500);
    expect(bottom - top).toBeGreaterThan(400);
    const stretch = (right - left) / (x1 - x0) / ((bottom - top) / (y1 - y0));
    if (aspect === "equal") expect(stretch).toBeCloseTo(1, 5);
    else expect(right - left).toBeGreaterThan(700);
  });

  it("goes to the screen and back, also from afar", () => {
    const sight = sightOn(points);
    for (const k of [1, 7, 4000]) {
      sight.eye = sight.eyeOf({ x: -999.5, y: 8, k });
      const [x, y] = sight.place(...sight.screen(-999.5 + 0.1 / k, 8.2));
      expect(x).toBeCloseTo(-999.5 + 0.1 / k, 6);
      expect(y).toBeCloseTo(8.2, 6);
      expect(sight.view.x).toBeCloseTo(-999.5, 6);
    }
  });

  it("flies from where it is to where it shall be", () => {
    const sight = sightOn(points);
    const there = sight.eyeOf({ x: -1001, y: 0, k: 20 });
    const way = sight.flight(there);
    expect(way(0).k).toBeCloseTo(1, 6);
    expect(way(0).ex).toBeCloseTo(0, 6);
    expect(way(1)).toEqual(there);
  });

  it("puts an extent in the middle and whole", () => {
    const sight = sightOn(points);
    sight.eye = sight.eyeOn([-1001, 0, -1000, 10]);
    const [left, bottom] = sight.screen(-1001, 0);
    const [right, top] = sight.screen(-1000, 10);
    expect(left + right).toBeCloseTo(800, 3);
    expect(top + bottom).toBeCloseTo(500, 3);
    expect(bottom - top).toBeCloseTo(470, 0);
  });

  it("keeps between two layouts what both ends have", () => {
    const sight = sightOn(points);
    const before = sight.base[0];
    sight.change(frameOf([0, 0, 1, 1], "equal"));
    const after = sight.base[0];
    sight.blend(0);
    expect(sight.base[0]).toBeCloseTo(before, 6);
    sight.blend(1);
    expect(sight.base[0]).toBe(after);
  });
});

describe("what covers a side", () => {
  const points = drawn(500, 2);

  it("keeps what is fitted clear of it, and places stay their own inverse", () => {
    const sight = sightOn(points);
    sight.insets = { left: 200, right: 0, top: 0, bottom: 50 };
    const [x0, y0, x1, y1] = extentOf(points);
    expect(sight.screen(x0, y0)[0]).toBeGreaterThanOrEqual(200);
    expect(sight.screen(x1, y1)[0]).toBeLessThanOrEqual(800);
    expect(sight.screen(x0, y0)[1]).toBeLessThanOrEqual(450);
    const [px, py] = sight.screen(x0, y1);
    expect(sight.place(px, py)[0]).toBeCloseTo(x0, 4);
    expect(sight.place(px, py)[1]).toBeCloseTo(y1, 4);
    sight.eye = sight.eyeOn([x0, y0, (x0 + x1) / 2, (y0 + y1) / 2]);
    expect(sight.screen(x0, y0)[0]).toBeGreaterThanOrEqual(200);
    const middle = sight.screen((3 * x0 + x1) / 4, (3 * y0 + y1) / 4);
    expect(middle[0]).toBeCloseTo(sight.middle[0], 3);
    expect(middle[1]).toBeCloseTo(sight.middle[1], 3);
  });

  it("is overlooked where too little would be left", () => {
    const sight = sightOn(points);
    sight.insets = { left: 500, right: 0, top: 0, bottom: 0 };
    expect(sight.middle).toEqual([400, 250]);
  });
});

describe("the extent of points", () => {
  it("leaves out the farthest few of many, and none of few", () => {
    const lot = lots(2);
    const many = Float32Array.from({ length: 8000 }, lot);
    many[0] = 500;
    expect(bodyOf(many)[2]).toBeLessThan(1.3);
    expect(bodyOf(many)[0]).toBe(extentOf(many)[0]);
    expect(bodyOf(Float32Array.of(0, 0, 500, 3))).toEqual([0, 0, 500, 3]);
  });

  it("sees both of two kinds that take turns, however many there are", () => {
    const turns = Float32Array.from({ length: 2 * 160_000 }, (_, i) => ((i >> 1) % 8 < 1 ? 9 : 0));
    expect(bodyOf(turns)).toEqual([0, 0, 9, 9]);
  });

  it("is never empty", () => {
    expect(extentOf(new Float32Array(0))).toEqual([-1, -1, 1, 1]);
    expect(extentOf(Float32Array.of(Number.NaN, 1))).toEqual([-1, -1, 1, 1]);
    const frame = frameOf([5, 5, 5, 5], "equal");
    expect([...toUnits(Float32Array.of(5, 5), frame)]).toEqual([0, 0]);
  });
});
