/** A decoded way judged in the page: what its frames alone tell, beside the plain dissolve. */

import type { Measure, Series, Travel } from "../../api/bodies";
import {
  cut,
  dissolve,
  type Film,
  median,
  type Panel,
  panelOf,
  reasonFor,
  verdictOf,
} from "./panel";
import { latentRatio } from "./ways";

const PLAIN = "the plain cross-dissolve of the decoded ends";
const BY_FRAMES = "by its frames alone: this file measures neither style nor distance to data";

/** A way: its frames, the frame of each key, and its latents `steps · size`. */
export interface Trip {
  readonly film: Film;
  readonly stops: readonly number[];
  readonly latents: Float32Array;
  readonly size: number;
}

type Judged = Pick<Travel, "series" | "numbers" | "verdict" | "verdict_words" | "pattern">;

interface Leg {
  readonly panel: Panel;
  readonly faded: Film;
  readonly null: Panel;
  readonly latentRatio: number;
}

/** Curves, numbers and verdict of a way, and the dissolves in its place. */
export function judged(
  { film, stops, latents, size }: Trip,
  measures: Readonly<Record<string, Measure>>,
): { body: Judged; dissolve: Float32Array } {
  const legs = stops.slice(1).map((last, i): Leg => {
    const first = stops[i] as number;
    const part = cut(film, first, last);
    const faded = dissolve(part);
    const ratio = latentRatio(latents.subarray(first * size, (last + 1) * size), size);
    return { panel: panelOf(part), faded, null: panelOf(faded), latentRatio: ratio };
  });
  const body = {
    series: seriesOf(legs),
    numbers: numbersOf(legs, measures),
    ...verdictFor(legs),
    pattern: "",
  };
  return { body, dissolve: fadedFrames(film, legs, stops) };
}

function fadedFrames(film: Film, legs: readonly Leg[], stops: readonly number[]): Float32Array {
  const frame = film.values.length / film.steps;
  const whole = new Float32Array(film.values.length);
  legs.forEach(({ faded }, i) => {
    whole.set(faded.values, (stops[i] as number) * frame);
  });
  return whole;
}

function seriesOf(legs: readonly Leg[]): Series[] {
  const time = legs.map(({ panel: { steps } }) =>
    Array.from({ length: steps }, (_, i) => i / (steps - 1)),
  );
  const off = joined(legs.map(({ panel }) => panel.offBlend));
  return [
    {
      name: "blend",
      title: "place on the blend line of the ends (α̂)",
      unit: "",
      values: joined(legs.map(({ panel }) => panel.blend)).map(told),
      null: joined(time),
      null_words: `${PLAIN}: in time`,
    },
    {
      name: "off_blend",
      title: "energy off the blend line, over that of the ends' difference",
      unit: "",
      values: off.map(told),
      null: off.map(() => 0),
      null_words: `${PLAIN}: none`,
    },
  ];
}

function numbersOf(legs: readonly Leg[], measures: Readonly<Record<string, Measure>>): Measure[] {
  const of = {
    dissolve_amount: ({ offBlendMost }: Panel) => Math.min(1, Math.max(0, 1 - offBlendMost)),
    off_blend_most: (panel: Panel) => panel.offBlendMost,
    blend_gap: (panel: Panel) => panel.blendGap,
    dissolve_deficit: (panel: Panel) => panel.deficit,
    path_ratio: (panel: Panel) => panel.pathRatio,
    decoded_turning: (panel: Panel) => panel.turning,
    ghost_product: (panel: Panel) => panel.ghost,
  };
  const found = Object.entries(of).map(([name, read]) => ({
    name,
    value: median(legs.map(({ panel }) => read(panel))),
    beside: median(legs.map((leg) => read(leg.null))),
    words: PLAIN,
  }));
  const ratio = median(legs.map((leg) => leg.latentRatio));
  found.push({ name: "latent_ratio", value: ratio, beside: 1, words: "the straight line" });
  return found.flatMap(({ name, value, beside, words }) => {
    const entry = measures[name];
    if (!entry || !Number.isFinite(value)) return [];
    const reference = Number.isFinite(beside)
      ? { value: beside, low: null, high: null, words }
      : null;
    const note = legs.length > 1 ? `median of ${legs.length} legs` : "";
    return [{ ...entry, name, value, n: legs.length, note, reference }];
  });
}

function verdictFor(legs: readonly Leg[]): { verdict: string; verdict_words: string } {
  const names = legs.map(({ panel }) => verdictOf(panel));
  const words = legs.map(({ panel }) => reasonFor(panel));
  const first = names[0] ?? "undefined";
  if (legs.length === 1) return { verdict: first, verdict_words: `${words[0]} (${BY_FRAMES})` };
  const each = names.map((name, i) => `leg ${i + 1}, ${name}: ${words[i]}`);
  return {
    verdict: names.every((name) => name === first) ? first : "mixed",
    verdict_words: `${each.join("; ")} (${BY_FRAMES})`,
  };
}

/** Values of all legs, the sample between two of them once. */
function joined(parts: readonly (readonly number[])[]): number[] {
  return parts.flatMap((part, i) => (i ? part.slice(1) : part));
}

function told(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
