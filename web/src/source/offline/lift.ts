/**
 * Coming back from a map, in the page: the same formulas as the program's (METHODS, "Coming back
 * from a map"); a file of shared numbers holds both to it.
 */

import type { MapCard } from "../../api/bodies";

type Lifting = MapCard["lifting"];

/** Points of the map that a place is judged by. */
export const AROUND = 8;

/** 1 − Σ w² below which one point has all the weight. */
const ON_IT = 1e-12;

/** What a place of a map stands for. */
export interface Lifted {
  readonly latent: Float32Array;
  /** Share of the latents' variance that the place tells, 0 to 1. */
  readonly agreement: number;
  /** 1 within the cloud of points, falling to 0 far outside. */
  readonly nearness: number;
  /** Index of the nearest point of the map. */
  readonly nearest: number;
}

/** A linear projection: rows of `components` are two axes of `size` numbers. */
export interface Plane {
  readonly mean: Float64Array;
  readonly components: Float64Array;
  readonly explained: number;
}

/** Points and latents of one map, and how a place becomes a latent. */
export interface Ground {
  readonly lifting: Lifting;
  /** `n · 2`. */
  readonly positions: Float32Array;
  /** `n · size`, the latent of each point. */
  readonly latents: Float32Array;
  readonly size: number;
  /** Only of `inverse`. */
  readonly plane?: Plane;
  /** Variance of the latents summed over their numbers. */
  readonly spread: number;
}

/** The points nearest to something, nearest first, with their distances. */
export interface Near {
  readonly indices: Int32Array;
  readonly distances: Float64Array;
}

/** The `k` rows of `rows` (`n · size`) nearest to `asked`, or as many as there are. */
export function nearestRows(
  rows: Float32Array,
  asked: ArrayLike<number>,
  size: number,
  k: number,
): Near {
  const n = rows.length / size;
  const most = Math.min(k, n);
  const indices = new Int32Array(most).fill(-1);
  const distances = new Float64Array(most).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    const worst = distances[most - 1] as number;
    let squared = 0;
    for (let j = 0, at = i * size; j < size && squared < worst; j++, at++) {
      const step = (rows[at] as number) - (asked[j] as number);
      squared += step * step;
    }
    if (squared >= worst) continue;
    let place = most - 1;
    while (place > 0 && (distances[place - 1] as number) > squared) {
      distances[place] = distances[place - 1] as number;
      indices[place] = indices[place - 1] as number;
      place--;
    }
    distances[place] = squared;
    indices[place] = i;
  }
  for (let i = 0; i < most; i++) distances[i] = Math.sqrt(distances[i] as number);
  return { indices, distances };
}

/** The points around, and the distance to the next, infinite where there is none. */
function around(rows: Float32Array, asked: ArrayLike<number>, size: number) {
  const n = rows.length / size;
  const k = Math.min(AROUND, n);
  const near = nearestRows(rows, asked, size, k + 1);
  const reach = n > k ? (near.distances[k] as number) : Number.POSITIVE_INFINITY;
  return { indices: near.indices.subarray(0, k), distances: near.distances.subarray(0, k), reach };
}

/**
 * Weights by nearness, `((R − δ)/(R δ))²`, summing to 1: points at distance 0 share all the
 * weight; where all are as far as R, all weigh alike.
 */
export function weightsOf(distances: Float64Array, reach: number): Float64Array {
  const weights = new Float64Array(distances.length);
  const first = distances[0] as number;
  for (let i = 0; i < weights.length; i++) {
    const far = distances[i] as number;
    if (first === 0) {
      weights[i] = far === 0 ? 1 : 0;
      continue;
    }
    const rim = 1 - (reach > 0 ? far / reach : 1);
    weights[i] = (rim * (first / far)) ** 2;
  }
  let sum = weights.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) {
    weights.fill(1);
    sum = weights.length;
  }
  return weights.map((weight) => weight / sum);
}

/** `min(1, h/δ)²`, h the mean distance of the points around to their own k-th neighbour. */
function nearness(positions: Float32Array, near: Near): number {
  const others = Math.min(near.indices.length, positions.length / 2 - 1);
  let spacing = 0;
  for (const index of near.indices) {
    const at = positions.subarray(2 * index, 2 * index + 2);
    spacing +=
      (nearestRows(positions, at, 2, others + 1).distances[others] as number) / near.indices.length;
  }
  const delta = near.distances[0] as number;
  return delta > spacing ? (spacing / delta) ** 2 : 1;
}

/** Mean ‖z − mean‖² of `n · size` latents. */
export function spreadOf(latents: Float32Array, size: number): number {
  const n = latents.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < latents.length; i++) (mean[i % size] as number) += (latents[i] as number) / n;
  let total = 0;
  for (let i = 0; i < latents.length; i++) {
    total += ((latents[i] as number) - (mean[i % size] as number)) ** 2;
  }
  return total / n;
}

/** The latent that a place stands for. */
export function lift(ground: Ground, x: number, y: number): Lifted {
  const { positions, size } = ground;
  if (ground.lifting === "exact") {
    const latent = Float32Array.of(x, y).slice(0, size);
    const near = nearestRows(positions, [x, y], 2, 1);
    return { latent, agreement: 1, nearness: 1, nearest: near.indices[0] as number };
  }
  const near = around(positions, [x, y], 2);
  const found = ground.plane ? onPlane(ground.plane, size, x, y) : among(ground, near);
  const nearest = near.indices[0] as number;
  return { ...found, nearness: nearness(positions, near), nearest };
}

function onPlane(plane: Plane, size: number, x: number, y: number) {
  const latent = new Float32Array(size);
  const second = plane.components.length / 2;
  for (let j = 0; j < size; j++) {
    const along =
      x * (plane.components[j] as number) + y * (plane.components[second + j] as number);
    latent[j] = (plane.mean[j] as number) + along;
  }
  return { latent, agreement: Math.min(1, plane.explained) };
}

function among({ latents, size, spread }: Ground, near: Near & { reach: number }) {
  const weights = weightsOf(near.distances, near.reach);
  const mean = new Float64Array(size);
  near.indices.forEach((row, i) => {
    for (let j = 0; j < size; j++) {
      (mean[j] as number) += (weights[i] as number) * (latents[row * size + j] as number);
    }
  });
  let within = 0;
  let own = 0;
  let rest = 0;
  near.indices.forEach((row, i) => {
    let squared = 0;
    for (let j = 0; j < size; j++) {
      squared += ((latents[row * size + j] as number) - (mean[j] as number)) ** 2;
    }
    const weight = weights[i] as number;
    within += weight * squared;
    own += weight * weight;
    rest += weight * (1 - weight);
  });
  const missed = rest > ON_IT ? (within * (1 + own)) / rest : 0;
  const agreement = spread > 0 ? Math.min(1, Math.max(0, 1 - missed / spread)) : 1;
  return { latent: Float32Array.from(mean), agreement };
}

/** Where one latent lies on the map: as it is, on the plane, or among the nearest samples. */
export function place(ground: Ground, latent: Float32Array): [number, number] {
  const { size, plane } = ground;
  if (ground.lifting === "exact")
    return [latent[0] as number, size > 1 ? (latent[1] as number) : 0];
  if (plane) {
    const second = plane.components.length / 2;
    let x = 0;
    let y = 0;
    for (let j = 0; j < size; j++) {
      const step = (latent[j] as number) - (plane.mean[j] as number);
      x += step * (plane.components[j] as number);
      y += step * (plane.components[second + j] as number);
    }
    return [x, y];
  }
  const near = around(ground.latents, latent, size);
  const weights = weightsOf(near.distances, near.reach);
  let x = 0;
  let y = 0;
  near.indices.forEach((row, i) => {
    x += (weights[i] as number) * (ground.positions[2 * row] as number);
    y += (weights[i] as number) * (ground.positions[2 * row + 1] as number);
  });
  return [x, y];
}

/** One sentence on what a place stands for, as the program says it. */
export function wordsOf(lifting: Lifting, { agreement, nearness: near }: Lifted): string {
  const share = `${Math.round(100 * agreement)}%`;
  const told = {
    exact: "The latent itself",
    inverse: `A point of the plane, which holds ${share} of the latents' variance`,
    neighbours: `The mean of latents around, which tells about ${share} of the variance`,
  }[lifting];
  return near < 0.5 ? `${told}; no sample lies near` : told;
}
