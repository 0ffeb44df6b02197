import { describe, expect, it } from "vitest";
import { CLASS_COLOURS, rgb, UNKNOWN } from "../../src/look/tokens";
import { develop } from "../../src/scatter/develop";
import { buildGrid } from "../../src/scatter/grid";
import { FADED, HIDDEN, inkOf, PLAIN, RING, stopsOf } from "../../src/scatter/ink";
import { detailOf, Governor, strength } from "../../src/scatter/lod";
import type { Scale, Theme } from "../../src/scatter/scatter";
import { distance, PHASES, stampOf } from "../../src/scatter/stamps";
import { layOut } from "../../src/scatter/thumbnails";
import { drawn, lots } from "./lots";

const LIGHT: Theme = {
  paper: "#fcfbf8",
  ink: "#1b2130",
  muted: "#5d6577",
  rule: "#d8dbe2",
  model: "#2a55d0",
  second: "#b45309",
};
const DARK: Theme = { ...LIGHT, paper: "#12151b" };

describe("detail", () => {
  const grid = buildGrid(drawn(100_000, 1));
  const seen = (k: number) => {
    const camera = { width: 800, height: 800, ex: 0, ey: 0, px: 400 * k, py: 400 * k };
    return detailOf(grid, camera, 100_000 / k ** 2);
  };

  it("goes from density by dots to pictures, and never shows nothing", () => {
    expect(seen(0.3)).toMatchObject({ density: 1, dots: 0, thumbnails: 0 });
    expect(seen(4)).toMatchObject({ density: 0, dots: 1, thumbnails: 0 });
    expect(seen(30)).toMatchObject({ density: 0, dots: 1, thumbnails: 1 });
    for (let k = 0.3; k < 40; k *= 1.05) {
      const { density, dots, radius } = seen(k);
      expect(Math.max(density, dots)).toBeGreaterThan(0.5);
      expect(radius).toBeLessThanOrEqual(seen(k * 1.05).radius);
    }
  });

  it("is as strong as the logarithm of the count, from a lone point to full", () => {
    expect(strength(0, 50)).toBe(0);
    expect(strength(1, 50)).toBeGreaterThan(0.15);
    expect(strength(50, 50)).toBe(1);
    expect(strength(9000, 50)).toBe(1);
    expect(strength(10, 50)).toBeGreaterThan(strength(5, 50));
  });

  it("leaves points out when frames are slow, not for one slow frame, and takes them back", () => {
    const governor = new Governor(20);
    for (const ms of [10, 200, 10]) governor.note(ms, 1);
    expect(governor.stride).toBe(1);
    for (const ms of [100, 100, 100]) governor.note(ms, 1);
    expect(governor.stride).toBe(5);
    for (let i = 0; i < 40; i++) governor.note(2, governor.stride);
    expect(governor.stride).toBe(1);
  });

  it("develops the points' mean colour, a little spread, and nothing elsewhere", () => {
    const [width, height] = [9, 7];
    const values = new Float32Array(4 * width * height);
    const touched = new Uint8Array(height);
    const put = (x: number, y: number, sum: number[]) => {
      values.set(sum, 4 * (y * width + x));
      touched[y] = 1;
    };
    put(4, 3, [8, 0, 8, 16]);
    put(0, 0, [0, 4, 0, 4]);
    const pixels = new Uint32Array(width * height).fill(7);
    develop({ width, height, values, touched }, 10, pixels);
    const at = (x: number, y: number) => {
      const p = pixels[y * width + x] as number;
      return [p & 255, (p >> 8) & 255, (p >> 16) & 255, p >>> 24];
    };
    const near = (found: number[], colour: number[], count: number) =>
      [...colour, 255 * strength(count, 10)].forEach((wanted, c) => {
        expect(Math.abs((found[c] as number) - wanted)).toBeLessThanOrEqual(1);
      });
    // Half of linear light is 188 of 255.
    near(at(4, 3), [188, 0, 188], 4);
    near(at(3, 3), [188, 0, 188], 2);
    near(at(5, 4), [188, 0, 188], 1);
    near(at(0, 0), [0, 255, 0], 2.25);
    expect(at(6, 3)).toEqual([0, 0, 0, 0]);
    expect(pixels.filter((p) => p !== 0)).toHaveLength(9 + 4);
  });
});

describe("ink", () => {
  const order = Uint32Array.of(2, 0, 1);
  const inked = (values: number[] | null, scale: Scale, theme = LIGHT) =>
    inkOf(order, { values, scale, theme, selection: null, shown: null });
  const colour = (packed: number | undefined) =>
    [packed ?? 0, (packed ?? 0) >> 8, (packed ?? 0) >> 16].map((v) => v & 255);

  it("gives each point its own class's colour, in the order of the slots", () => {
    const { colours } = inked([0, 1, 4], { kind: "category" });
    expect(colour(colours[0])).toEqual(rgb(CLASS_COLOURS[4]));
    expect(colour(colours[1])).toEqual(rgb(CLASS_COLOURS[0]));
  });

  it("tells classes past the tenth by shape, and no value by grey rings", () => {
    const { colours, shapes } = inked([13, 3, -1], { kind: "category" });
    expect(colours[1]).toBe(colours[2]);
    expect(shapes[1]).not.toBe(shapes[2]);
    expect([shapes[0], colour(colours[0])]).toEqual([RING, rgb(UNKNOWN)]);
    const numbers = inked([1, 2, Number.NaN], { kind: "sequential", domain: [0, 3] });
    expect([numbers.shapes[0], colour(numbers.colours[0])]).toEqual([RING, rgb(UNKNOWN)]);
  });

  it("runs through the ramp between the bounds and stays beyond them", () => {
    const { colours } = inked([-5, 10, 15], { kind: "diverging", domain: [0, 10] });
    expect(colour(colours[1])).toEqual(rgb(stopsOf("diverging", LIGHT)[0] as string));
    expect(colours[0]).toBe(colours[2]);
    expect(inked([3, 3, 3], { kind: "trust", domain: [3, 3] }).shapes[0]).toBe(0);
  });

  it("leaves out the end of the sequential ramp that the paper would swallow", () => {
    const light = (hex: string | undefined) => rgb(hex ?? "#000000").reduce((a, b) => a + b, 0);
    expect(light(stopsOf("sequential", LIGHT).at(-1))).toBeLessThan(light("#d6efa0"));
    expect(light(stopsOf("sequential", DARK)[0])).toBeGreaterThan(light("#1d1147"));
  });

  it("hides what the filter hides and fades what is not selected", () => {
    const { colours, fading } = inkOf(order, {
      values: null,
      scale: { kind: "category" },
      theme: LIGHT,
      selection: Uint8Array.of(1, 0, 1),
      shown: Uint8Array.of(1, 1, 0),
    });
    expect([...colours].map((c) => c >>> 24)).toEqual([HIDDEN, PLAIN, FADED]);
    expect(fading).toBe(true);
  });
});

describe("dots", () => {
  it("cover the area of a circle, whatever their shape", () => {
    for (let shape = 0; shape < 6; shape++) {
      const { side, cover } = stampOf(shape, 6, 0);
      let area = 0;
      for (let i = 0; i < side * side; i++) area += (cover[i] as number) / 255;
      expect(area / (Math.PI * 36)).toBeGreaterThan(0.7);
      expect(area / (Math.PI * 36)).toBeLessThan(1.15);
    }
  });

  it("have their middle where the point is, to a fraction of a pixel", () => {
    const { side, cover } = stampOf(0, 3, 0.5);
    for (let phase = 0; phase < PHASES * PHASES; phase++) {
      let [x, y, sum] = [0, 0, 0];
      for (let i = 0; i < side * side; i++) {
        const c = cover[phase * side * side + i] as number;
        x += c * ((i % side) - (side >> 1));
        y += c * (Math.floor(i / side) - (side >> 1));
        sum += c;
      }
      expect(x / sum).toBeCloseTo(((phase % PHASES) + 0.5) / PHASES - 0.5, 1);
      expect(y / sum).toBeCloseTo((Math.floor(phase / PHASES) + 0.5) / PHASES - 0.5, 1);
    }
  });

  it("are hollow without a value", () => {
    expect(distance(RING, 0, 0, 4)).toBeGreaterThan(0);
    expect(distance(0, 0, 0, 4)).toBeLessThan(0);
  });
});

describe("pictures on the map", () => {
  const lot = lots(5);
  const candidates = Array.from({ length: 800 }, (_, index) => ({
    index,
    slot: index,
    px: 600 * lot(),
    py: 400 * lot(),
  }));

  it("do not lie over one another, and leave no room unused", () => {
    const kept = layOut(candidates, 40, new Set(), 999);
    const near = (a: (typeof kept)[0], b: (typeof kept)[0]) =>
      Math.abs(a.px - b.px) < 40 && Math.abs(a.py - b.py) < 40;
    for (const a of kept) for (const b of kept) if (a !== b) expect(near(a, b)).toBe(false);
    const chosen = new Set(kept);
    for (const c of candidates) {
      if (!chosen.has(c)) expect(kept.some((k) => near(k, c))).toBe(true);
    }
  });

  it("stay where they are when the view moves a little", () => {
    const kept = layOut(candidates, 40, new Set(), 999);
    const shifted = candidates.map((c) => ({ ...c, px: c.px + 3.5, py: c.py - 12 }));
    const again = layOut(shifted, 40, new Set(kept.map((c) => c.index)), 999);
    expect(again.map((c) => c.index).sort()).toEqual(kept.map((c) => c.index).sort());
  });

  it("are no more than are wanted", () => {
    expect(layOut(candidates, 20, new Set(), 12)).toHaveLength(12);
  });
});
