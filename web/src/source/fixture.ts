/**
 * A made-up source for tests and for working on the page: six kinds of figure on a grey ground,
 * whose latent is where they stand. Everything follows from the seed.
 */

import type { Exhibition } from "../api/bodies";
import {
  along,
  CLASSES,
  dice,
  draw,
  far,
  grained,
  identity,
  lifted,
  measure,
  mixed,
  nearest,
  pairs,
  placed,
  stack,
  sum,
  type World,
  world,
} from "./figures";
import type {
  Compared,
  Directions,
  FilmKind,
  ImageKind,
  Journey,
  Landed,
  Looked,
  Manifold,
  Middles,
  Motion,
  Pixels,
  Points,
  Source,
  Training,
  Travelled,
} from "./source";
import { Refusal } from "./source";

const STEPS = 12;

export interface FixtureOptions {
  readonly seed?: number;
  readonly n?: number;
  readonly exhibits?: number;
  /** Abilities that the first exhibit lacks, and why. */
  readonly without?: Readonly<Record<string, string>>;
}

export function fixture(options: FixtureOptions = {}): Source {
  const { seed = 0, n = 2000, exhibits = 2, without = {} } = options;
  const worlds = Array.from({ length: exhibits }, (_, i) =>
    world(String(i), n, seed + i, i === 0 ? without : {}),
  );
  return new Fixture(worlds);
}

class Fixture implements Source {
  readonly #worlds: readonly World[];

  constructor(worlds: readonly World[]) {
    this.#worlds = worlds;
  }

  async exhibition(): Promise<Exhibition> {
    return {
      version: "0",
      exhibits: this.#worlds.map(({ card }) => card),
      comparable: {
        possible: this.#worlds.length > 1,
        why: this.#worlds.length > 1 ? "" : "one run is open",
        hint: this.#worlds.length > 1 ? "" : "latentscape explore RUN RUN",
      },
    };
  }

  async column(key: string, name: string): Promise<Float32Array> {
    const column = this.#world(key).columns[name];
    if (!column) throw new Refusal(`there is no column ${name}`, "reload the page");
    return column;
  }

  async points(key: string, map: string): Promise<Points> {
    const { latents, n } = this.#world(key);
    return { positions: placed(map, latents), rows: Uint32Array.from({ length: n }, (_, i) => i) };
  }

  async images(key: string, rows: readonly number[], kind: ImageKind): Promise<Pixels> {
    const own = this.#world(key);
    return stack(
      rows.map((row) => {
        const image = draw(own.latents[2 * row] ?? 0, own.latents[2 * row + 1] ?? 0);
        return kind === "original" ? grained(image, row) : image;
      }),
    );
  }

  async sample(key: string, row: number) {
    const own = this.#world(key);
    const near = nearest(own.latents, own.latents[2 * row] ?? 0, own.latents[2 * row + 1] ?? 0, 13);
    return {
      row,
      sample_id: `figure-${String(row).padStart(5, "0")}`,
      label: own.labels[row] ?? -1,
      group: `sheet ${row % 40}`,
      split: "test",
      numbers: own.card.columns
        .filter((card) => card.form === "number")
        .map(({ name }) => ({ name, value: own.columns[name]?.[row] ?? null, text: "" })),
      neighbours: near.rows.slice(1),
      distances: near.distances.slice(1),
    };
  }

  async find(key: string, text: string) {
    const { n, labels } = this.#world(key);
    const wanted = text.trim().toLowerCase();
    const rows: number[] = [];
    for (let row = 0; row < n && wanted; row++) {
      const name = CLASSES[labels[row] ?? 0] ?? "";
      if (identity(row).includes(wanted) || name.includes(wanted)) rows.push(row);
    }
    const some = rows.slice(0, 24);
    return { rows: some, sample_ids: some.map(identity), n: rows.length };
  }

  async look(
    key: string,
    map: string,
    x: number,
    y: number,
    signal?: AbortSignal,
  ): Promise<Looked> {
    await pause(6, signal);
    const { latents } = this.#world(key);
    const exact = map === "latent";
    const [a, b] = exact ? [x, y] : lifted(map, x, y);
    const near = nearest(latents, a, b, 1);
    const reliability = exact ? 1 : Math.exp(-2 * (near.distances[0] ?? 0)) * 0.9;
    return {
      look: {
        lifting: exact ? "exact" : map === "pca" ? "inverse" : "neighbours",
        reliability,
        nearest: near.rows[0] ?? 0,
        words: exact ? "The place is a latent itself." : "Lifted from the points around.",
      },
      pixels: stack([draw(a, b)]),
    };
  }

  async decode(_key: string, latents: Float32Array, signal?: AbortSignal): Promise<Pixels> {
    await pause(4, signal);
    return stack(pairs(latents).map(([a, b]) => draw(a, b)));
  }

  async latents(key: string, rows: readonly number[]): Promise<Float32Array> {
    const { latents } = this.#world(key);
    return Float32Array.from(rows.flatMap((row) => [...latents.subarray(2 * row, 2 * row + 2)]));
  }

  async place(_key: string, map: string, latents: Float32Array): Promise<Float32Array> {
    return placed(map, latents);
  }

  async manifold(_key: string, _map: string, side: number): Promise<Manifold> {
    const at = (i: number) => -3 + (6 * i) / (side - 1);
    const images = Array.from({ length: side * side }, (_, i) =>
      draw(at(i % side), -at(Math.floor(i / side))),
    );
    return { columns: side, rows: side, x: [-3, 3], y: [3, -3], pixels: stack(images) };
  }

  async travel(key: string, journey: Journey, signal?: AbortSignal): Promise<Travelled> {
    await pause(60, signal);
    const { labels } = this.#world(key);
    const { rows, method, nSteps } = journey;
    if (rows.length < 2) throw new Refusal("a travel needs two samples", "add one on the map");
    const keys = pairs(await this.latents(key, rows));
    const way = Array.from({ length: nSteps }, (_, i) => along(keys, i / (nSteps - 1), method));
    const frames = way.map(([a, b]) => draw(a, b));
    const [first, last] = [frames[0] as Uint8Array, frames.at(-1) as Uint8Array];
    const dissolve = frames.map((_, i) => mixed(first, last, i / (nSteps - 1)));
    const style = frames.slice(1).map((frame, i) => far(frame, frames[i] as Uint8Array));
    const blend = dissolve.slice(1).map((frame, i) => far(frame, dissolve[i] as Uint8Array));
    return {
      travel: {
        rows: [...rows],
        method,
        n_steps: nSteps,
        key_steps: rows.map((_, i) => Math.round((i * (nSteps - 1)) / (rows.length - 1))),
        places: Object.fromEntries(
          ["latent", "pca", "umap"].map((map) => [
            map,
            pairs(placed(map, Float32Array.from(way.flat()))),
          ]),
        ),
        series: [
          {
            name: "style",
            title: "Style distance",
            unit: "",
            values: style,
            null: blend,
            null_words: "cross-dissolve of the same ends",
          },
        ],
        numbers: [measure("total style", sum(style), "", "neither")],
        verdict: labels[rows[0] ?? 0] === labels[rows.at(-1) ?? 0] ? "morph" : "cut",
        verdict_words: "Frames leave the blend of the ends and return to it.",
        pattern: "wave",
      },
      frames: stack(frames),
      dissolve: stack(dissolve),
      originals: await this.images(key, rows, "original"),
    };
  }

  async film(_key: string, journey: Journey, kind: FilmKind): Promise<Blob> {
    return new Blob([JSON.stringify(journey)], { type: `image/${kind}` });
  }

  async dials(key: string): Promise<Directions> {
    const { card } = this.#world(key);
    const dial = (
      name: string,
      family: "latents" | "principal axes" | "attributes",
      rate: number,
    ) => ({
      name,
      title: name,
      family,
      low: -2.5,
      high: 2.5,
      rate,
      rate_unit: "nat",
      meaning: `Along ${name} of ${card.name}.`,
    });
    return {
      dials: {
        dials: [
          dial("z1", "latents", 2.6),
          dial("z2", "latents", 2.1),
          dial("axis 1", "principal axes", 2.7),
          dial("towards ring", "attributes", 0.9),
        ],
        note: "Sorted by rate.",
      },
      directions: Float32Array.from([1, 0, 0, 1, 0.8, 0.6, -0.6, 0.8]),
      centre: new Float32Array(2),
    };
  }

  async drop(key: string, image: Blob): Promise<Landed> {
    if (!image.type.startsWith("image/")) {
      throw new Refusal("this file is no image that can be read", "drop a PNG or a JPEG");
    }
    const { latents } = this.#world(key);
    const latent = Float32Array.from([0.7, -0.4]);
    const near = nearest(latents, 0.7, -0.4, 12);
    const decoded = draw(0.7, -0.4);
    return {
      dropped: {
        places: Object.fromEntries(
          ["latent", "pca", "umap"].map((map) => [map, pairs(placed(map, latent))[0] ?? [0, 0]]),
        ),
        numbers: [measure("rate", 4.2, "nat", "lower"), measure("psnr", 21.3, "dB", "higher")],
        neighbours: near.rows,
        distances: near.distances,
        words: "Made grey and brought to 28 by 28 pixels.",
      },
      latent,
      pixels: stack([grained(decoded, 7), decoded]),
    };
  }

  async motion(key: string): Promise<Motion> {
    const random = dice(5);
    const m = 30;
    const { n } = this.#world(key);
    const triplets = Uint32Array.from({ length: m * 3 }, (_, i) => (i * 7) % n);
    const flow = Float32Array.from({ length: m }, () => random() * 5);
    const card = {
      names: Array.from({ length: m }, (_, i) => `shot ${i % 6} at ${i}`),
      shots: Array.from({ length: 6 }, (_, i) => `shot ${i}`),
      numbers: [measure("flow spearman", 0.62, "", "higher")],
      predictor: "residual",
    };
    return {
      card,
      triplets,
      flow,
      displacement: flow.map((value) => value * 0.4 + random()),
      courses: Uint32Array.from({ length: 60 }, (_, i) => (i * 11) % n),
      lengths: Uint32Array.from({ length: 6 }, () => 10),
    };
  }

  async middles(_key: string, triplet: number): Promise<Middles> {
    const at = (t: number) => draw(-1 + t + triplet / 30, t - triplet / 30);
    return {
      pixels: stack([at(0), at(0.5), at(1), at(0.45), at(0.49)]),
      names: ["first", "true middle", "last", "linear", "predicted"],
      errors: [null, null, null, 0.012, 0.008],
      words: "Errors are mean squared errors of pixels.",
    };
  }

  async training(key: string): Promise<Training> {
    const { latents, labels, n } = this.#world(key);
    const kept = Math.min(n, 400);
    const positions = new Float32Array(STEPS * kept * 2);
    for (let e = 0; e < STEPS; e++) {
      const grown = 1 - Math.exp(-e / 3);
      for (let i = 0; i < kept * 2; i++) {
        positions[e * kept * 2 + i] = (latents[i] ?? 0) * grown + Math.sin(i * 12.9) * (1 - grown);
      }
    }
    const epochs = Array.from({ length: STEPS }, (_, e) => e + 1);
    return {
      epochs: {
        epochs,
        curves: {
          loss: epochs.map((e) => 40 + 60 / e),
          rate: epochs.map((e) => 5 - 4 / e),
        },
        units: { loss: "nat", rate: "nat" },
        axes: "z1, z2",
        has_picture: false,
      },
      positions,
      labels: labels.slice(0, kept),
    };
  }

  async epoch(): Promise<Blob> {
    throw new Refusal("this run kept no pictures of its epochs", "train with snapshots");
  }

  async compare(keys: readonly string[], map: string): Promise<Compared> {
    const all = keys.map((key) => this.#world(key));
    const n = Math.min(...all.map((own) => own.n));
    const measures = Object.fromEntries(
      all.map((own, i) => [own.card.key, measure("psnr mean", 21 + i, "dB", "higher")]),
    );
    return {
      sides: {
        sides: all.map(({ card }) => ({
          key: card.key,
          name: card.name,
          map: `${map}`,
          disparity: 0.1,
        })),
        n,
        measures: [measures],
        topics: ["reconstruction"],
        best: [[keys.at(-1) ?? ""]],
        words: "Aligned by rotation, scale and shift.",
      },
      positions: Object.fromEntries(
        all.map((own) => [own.card.key, placed(map, own.latents.subarray(0, 2 * n))]),
      ),
      rows: Object.fromEntries(
        all.map((own) => [own.card.key, Uint32Array.from({ length: n }, (_, i) => i)]),
      ),
    };
  }

  #world(key: string): World {
    const found = this.#worlds.find((own) => own.card.key === key);
    if (!found) throw new Refusal(`there is no run ${key}`, "reload the page");
    return found;
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("aborted", "AbortError"));
    if (signal?.aborted) return stop();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      stop();
    });
    return undefined;
  });
}
