/** What the made-up source is about: figures, their latents, cards and numbers. */

import type { ColumnCard, ExhibitCard, MapCard, Measure, Row } from "../api/bodies";
import type { Pixels } from "./source";

export const SIDE = 28;
export const CLASSES = ["disc", "ring", "square", "cross", "bar", "<b>stripes</b>"];

export interface World {
  readonly card: ExhibitCard;
  readonly n: number;
  /** (n, 2). */
  readonly latents: Float32Array;
  readonly labels: Int32Array;
  readonly columns: Readonly<Record<string, Float32Array>>;
}

export function world(
  key: string,
  n: number,
  seed: number,
  without: Readonly<Record<string, string>>,
): World {
  const random = dice(seed + 1);
  const latents = new Float32Array(2 * n);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const label = Math.floor(random() * CLASSES.length);
    const angle = (label / CLASSES.length) * 2 * Math.PI + 0.3 * seed;
    labels[i] = i % 97 === 0 ? -1 : label;
    latents[2 * i] = 1.5 * Math.cos(angle) + 0.45 * normal(random);
    latents[2 * i + 1] = 1.5 * Math.sin(angle) + 0.45 * normal(random);
  }
  const each = (make: (i: number) => number) => Float32Array.from({ length: n }, (_, i) => make(i));
  const columns: Record<string, Float32Array> = {
    label: Float32Array.from(labels),
    rate: each(
      (i) => 3 + Math.hypot(latents[2 * i] ?? 0, latents[2 * i + 1] ?? 0) + 0.3 * random(),
    ),
    psnr: each((i) => (i % 50 === 0 ? Number.NaN : 20 + 3 * normal(random))),
  };
  for (const map of ["pca", "umap"]) {
    columns[`trust-${map}`] = each(
      (i) => 1 - Math.abs(Math.sin((latents[2 * i] ?? 0) * 2)) * random(),
    );
  }
  return { card: exhibitCard(key, n, columns, without), n, latents, labels, columns };
}

function exhibitCard(
  key: string,
  n: number,
  columns: Readonly<Record<string, Float32Array>>,
  without: Readonly<Record<string, string>>,
): ExhibitCard {
  const names = [
    "images",
    "reconstructions",
    "decode",
    "encode",
    "travel",
    "dials",
    "motion",
    "training",
  ];
  return {
    key,
    name: key === "0" ? "figures-vae-2" : `figures-vae-2-seed-${key}`,
    provenance: {
      model: `figures-vae-2-${key}`,
      recipe: "vae",
      data: "figures",
      split: "test",
      n,
      seed: Number(key),
      posterior: "mean",
      latent_shape: [2],
      fingerprint: "",
      resize: "",
      model_sha256: "",
      precision: "fp32",
      settings: "",
    },
    n,
    latent_shape: [2],
    image_shape: [1, SIDE, SIDE],
    class_names: CLASSES,
    maps: [mapCard("latent", n), mapCard("pca", n), mapCard("umap", n)],
    columns: Object.entries(columns).map(([name, values]) => columnCard(name, values)),
    ways: [
      { name: "linear", meaning: "A straight line between the latents.", slow: false },
      { name: "slerp", meaning: "Along the arc of a circle round nought.", slow: false },
      { name: "geodesic", meaning: "The shortest way on the decoded manifold.", slow: true },
    ],
    abilities: Object.fromEntries(
      names.map((name) => [
        name,
        {
          possible: !(name in without),
          why: without[name] ?? "",
          hint: name in without ? "latentscape info RUN" : "",
        },
      ]),
    ),
    warnings: key === "0" ? [] : ["1 of 2 latent dimensions is hardly used."],
  };
}

function mapCard(name: string, n: number): MapCard {
  const titles: Record<string, string> = { latent: "Latent", pca: "PCA", umap: "UMAP" };
  const trust: Record<string, number> = { latent: 1, pca: 0.93, umap: 0.97 };
  const row = (of: string, value: number): Row => ({
    name: of,
    measures: [
      { ...measure("trustworthiness", value, "", "higher"), bounds: [0, 1] },
      { ...measure("continuity", value - 0.02, "", "higher"), bounds: [0, 1] },
    ],
    note: "",
    undefined: [],
    beside: "",
  });
  return {
    name,
    method: name,
    title: titles[name] ?? name,
    n,
    axes: name === "latent" ? ["z1", "z2"] : name === "pca" ? ["axis 1", "axis 2"] : ["", ""],
    faithfulness: row(titles[name] ?? name, trust[name] ?? 0.9),
    baselines: [row("PCA", 0.93), row("random projection", 0.61)],
    lifting: name === "latent" ? "exact" : name === "pca" ? "inverse" : "neighbours",
    placing_words: name === "umap" ? "Between its nearest samples." : "Exactly.",
    lifting_words:
      name === "latent"
        ? "A place on this map is a latent."
        : "Latents of the points around, weighted by nearness.",
    manifold: name === "latent",
  };
}

function columnCard(name: string, values: Float32Array): ColumnCard {
  const map = name.startsWith("trust-") ? name.slice(6) : "";
  const told: Record<string, [string, string, ColumnCard["better"], string]> = {
    label: ["Class", "", "neither", "What each figure is."],
    rate: ["Rate", "nat", "neither", "KL divergence of a sample's posterior from the prior."],
    psnr: ["Reconstruction", "dB", "higher", "Peak signal to noise of the reconstruction."],
    trust: ["Trust", "", "higher", "How far a point's neighbours on the map are its neighbours."],
  };
  const [title, unit, better, meaning] = told[map ? "trust" : name] ?? [name, "", "neither", ""];
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return {
    name,
    title,
    form: name === "label" ? "category" : "number",
    unit,
    better,
    meaning,
    categories: name === "label" ? CLASSES : [],
    low: sorted[Math.floor(sorted.length * 0.01)] ?? 0,
    high: sorted[Math.floor(sorted.length * 0.99)] ?? 1,
    n_missing: values.length - sorted.length,
    map,
  };
}

export function measure(
  name: string,
  value: number,
  unit: string,
  better: Measure["better"],
): Measure {
  return {
    value,
    name,
    unit,
    better,
    bounds: [null, null],
    low: value * 0.98,
    high: value * 1.02,
    interval: "95 % bootstrap over 1,000 samples",
    n: 1000,
    note: "",
    reference: null,
  };
}

/** A figure whose kind turns with the angle of the latent and whose size grows with its length. */
export function draw(a: number, b: number): Uint8Array {
  const image = new Uint8Array(SIDE * SIDE);
  const turn = Math.atan2(b, a);
  const size = 4 + 3.2 * Math.min(Math.hypot(a, b), 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [u, v] = [(x - 13.5) / size, (y - 13.5) / size];
      const [p, q] = [
        u * Math.cos(turn) + v * Math.sin(turn),
        v * Math.cos(turn) - u * Math.sin(turn),
      ];
      const round = Math.hypot(p, q);
      const square = Math.max(Math.abs(p), Math.abs(q));
      const share = (Math.sin(turn * 3) + 1) / 2;
      const edge = round * share + square * (1 - share);
      const hollow = Math.min(Math.max(Math.cos(turn) * 0.9, 0), 0.8);
      const ink = soft((1 - edge) * 4) * soft((edge - hollow) * 6 + (hollow < 0.05 ? 9 : 0));
      image[y * SIDE + x] = Math.round(255 * ink * (0.75 + 0.25 * Math.sin(p * 5 * share)));
    }
  }
  return image;
}

export function placed(map: string, latents: Float32Array): Float32Array {
  if (map === "latent") return latents.slice();
  const out = new Float32Array(latents.length);
  for (let i = 0; i < latents.length; i += 2) {
    const [a, b] = [latents[i] ?? 0, latents[i + 1] ?? 0];
    if (map === "pca") {
      out[i] = a * 0.8 + b * 0.6;
      out[i + 1] = b * 0.8 - a * 0.6;
    } else {
      const length = Math.hypot(a, b) || 1;
      out[i] = (a / length) * (4 + Math.tanh(length - 1.5) * 2) + Math.sin(b * 3) * 0.6;
      out[i + 1] = (b / length) * (4 + Math.tanh(length - 1.5) * 2) + Math.cos(a * 3) * 0.6;
    }
  }
  return out;
}

export function lifted(map: string, x: number, y: number): [number, number] {
  if (map === "pca") return [x * 0.8 - y * 0.6, y * 0.8 + x * 0.6];
  const length = Math.hypot(x, y) || 1;
  return [(x / length) * 1.5, (y / length) * 1.5];
}

export function nearest(latents: Float32Array, a: number, b: number, k: number) {
  const all = Array.from({ length: latents.length / 2 }, (_, i) => ({
    i,
    d: Math.hypot((latents[2 * i] ?? 0) - a, (latents[2 * i + 1] ?? 0) - b),
  }));
  all.sort((one, other) => one.d - other.d);
  const some = all.slice(0, k);
  return { rows: some.map(({ i }) => i), distances: some.map(({ d }) => d) };
}

export function along(
  keys: readonly [number, number][],
  t: number,
  method: string,
): [number, number] {
  const at = Math.min(t * (keys.length - 1), keys.length - 1 - 1e-9);
  const from = keys[Math.floor(at)] ?? ([0, 0] as const);
  const to = keys[Math.floor(at) + 1] ?? from;
  const s = at - Math.floor(at);
  const bow = method === "linear" ? 0 : 0.4 * Math.sin(Math.PI * s);
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return [from[0] + dx * s - dy * bow, from[1] + dy * s + dx * bow];
}

export function stack(images: readonly Uint8Array[]): Pixels {
  const bytes = new Uint8Array(images.length * SIDE * SIDE);
  images.forEach((image, i) => {
    bytes.set(image, i * SIDE * SIDE);
  });
  return { n: images.length, height: SIDE, width: SIDE, channels: 1, bytes };
}

export function grained(image: Uint8Array, seed: number): Uint8Array {
  const random = dice(seed + 11);
  return image.map((value) => Math.min(255, Math.max(0, value + 36 * (random() - 0.5))));
}

export function mixed(first: Uint8Array, last: Uint8Array, t: number): Uint8Array {
  return first.map((value, i) => value * (1 - t) + (last[i] ?? 0) * t);
}

export function far(one: Uint8Array, other: Uint8Array): number {
  return (
    one.reduce((all, value, i) => all + Math.abs(value - (other[i] ?? 0)), 0) / one.length / 255
  );
}

export function pairs(flat: Float32Array): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] ?? 0,
    flat[2 * i + 1] ?? 0,
  ]);
}

export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const soft = (value: number) => 1 / (1 + Math.exp(-value));
export const identity = (row: number) => `figure-${String(row).padStart(5, "0")}`;

/** mulberry32: the same numbers for the same seed. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
