/** The exported page reckons as the program does; both are held to one file of numbers. */

import { describe, expect, test } from "vitest";
import { type Ground, lift, place, spreadOf } from "../../src/source/offline/lift";
import { dissolve, panelOf, reasonFor, verdictOf } from "../../src/source/offline/panel";
import { latentRatio, through, WAY_NAMES } from "../../src/source/offline/ways";
import numbers from "../numbers/offline.json";

const floats = (rows: readonly (readonly number[])[]) => Float32Array.from(rows.flat());
type Told = number | null | readonly Told[];

/** Equal to single precision; null stands for what is not finite. */
function near(mine: unknown, theirs: Told, where: string): void {
  if (Array.isArray(theirs)) {
    const list = Array.from(mine as ArrayLike<number>);
    expect(list.length, where).toBe(theirs.length);
    theirs.forEach((value, i) => {
      near(list[i], value, `${where}[${i}]`);
    });
  } else if (theirs === null) expect(Number.isFinite(mine), where).toBe(false);
  else {
    const off = Math.abs((mine as number) - (theirs as number));
    expect(off, where).toBeLessThanOrEqual(2e-4 * Math.max(1, Math.abs(theirs as number)));
  }
}

describe.each(numbers.lifts.map((cloud, i) => [i, cloud] as const))("cloud %i", (_, cloud) => {
  const { size } = cloud;
  const latents = floats(cloud.latents);
  const plane = {
    mean: Float64Array.from(cloud.mean),
    components: Float64Array.from(cloud.components.flat()),
    explained: cloud.explained,
  };
  const ground = (lifting: Ground["lifting"]): Ground => ({
    lifting,
    positions: floats(cloud.positions),
    latents,
    size,
    spread: spreadOf(latents, size),
    ...(lifting === "inverse" ? { plane } : {}),
  });

  test.each(Object.entries(cloud.lifted))("comes back by %s", (name, lifted) => {
    const here = ground(name as Ground["lifting"]);
    cloud.places.forEach(([x = 0, y = 0], i) => {
      const found = lift(here, x, y);
      near(found.latent, lifted.latents[i] ?? [], `${name} latent ${i}`);
      near(found.agreement, lifted.agreement[i] ?? null, `${name} agreement ${i}`);
      near(found.nearness, lifted.nearness[i] ?? null, `${name} nearness ${i}`);
      const nearest = lifted.nearest[i] ?? 0;
      const told = here.positions.subarray(2 * nearest, 2 * nearest + 2);
      const own = here.positions.subarray(2 * found.nearest, 2 * found.nearest + 2);
      const far = (at: Float32Array) => Math.hypot((at[0] ?? 0) - x, (at[1] ?? 0) - y);
      expect(far(own)).toBeCloseTo(far(told), 4);
    });
  });

  test.each(Object.entries(cloud.placed))("places by %s", (name, placed) => {
    const here = ground(name as Ground["lifting"]);
    cloud.probes.forEach((probe, i) => {
      near(place(here, Float32Array.from(probe)), placed[i] ?? [], `${name} place ${i}`);
    });
  });
});

describe("ways", () => {
  test("are those that the program exports", () => {
    expect(new Set(numbers.ways.map(({ method }) => method))).toEqual(new Set(WAY_NAMES));
  });

  test.each(numbers.ways.map((way, i) => [way.method, i, way] as const))(
    "%s, case %i",
    (method, _, { keys, centre, latents }) => {
      const ends = keys.map((key) => Float32Array.from(key));
      const way = through(ends, method, latents.length, Float32Array.from(centre));
      near(way.latents, latents.flat(), method);
      way.stops.forEach((stop, i) => {
        const at = way.latents.subarray(stop * centre.length, (stop + 1) * centre.length);
        expect(at).toEqual(ends[i]);
      });
      if (method === "linear" && ends.length === 2) {
        expect(latentRatio(way.latents, centre.length)).toBeCloseTo(1, 4);
      }
    },
  );
});

describe.each(numbers.films.map((film, i) => [i, film] as const))("film %i", (_, told) => {
  const [steps = 0, channels = 0, height = 0, width = 0] = told.shape;
  const values = Float32Array.from(told.values, (value) => value ?? Number.NaN);
  const film = { steps, channels, height, width, values };

  test("is judged alike", () => {
    const panel = panelOf(film);
    near(panel.blend, told.panel.blend, "blend");
    near(panel.offBlend, told.panel.off_blend, "off blend");
    near(panel.blendGap, told.panel.blend_gap, "gap");
    near(panel.offBlendMost, told.panel.off_blend_most, "most");
    near(panel.offBlendMedian, told.panel.off_blend_median, "median");
    near(panel.deficit, told.panel.deficit, "deficit");
    near(panel.pathRatio, told.panel.path_ratio, "ratio");
    near(panel.turning, told.panel.turning, "turning");
    near(panel.ghost, told.panel.ghost, "ghost");
    expect(verdictOf(panel)).toBe(told.verdict);
    expect(reasonFor(panel)).toBe(told.why);
  });

  test("has the same dissolve", () => {
    near(dissolve(film).values, told.dissolve, "dissolve");
  });
});
