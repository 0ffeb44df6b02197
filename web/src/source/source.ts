/**
 * Where everything shown comes from. Four implementations: served over HTTP, a notebook's kernel,
 * one file without a server, and made-up data for tests. Panels ask `abilities` of the exhibit's
 * card before they ask the source, and show why something cannot be done.
 */

import type {
  Dials,
  Dropped,
  Epochs,
  Exhibition,
  Found,
  Look,
  MotionCard,
  SampleCard,
  SideBySide,
  Travel,
} from "../api/bodies";

/** Images side by side in memory: `n · height · width · channels` bytes, channels 1 or 3. */
export interface Pixels {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** Points of a map: x, y of each, and the exhibit's sample that each is. */
export interface Points {
  readonly positions: Float32Array;
  readonly rows: Uint32Array;
}

export interface Looked {
  readonly look: Look;
  readonly pixels: Pixels;
}

/** One way between samples, and how it is travelled. */
export interface Journey {
  readonly rows: readonly number[];
  readonly method: string;
  readonly nSteps: number;
}

export interface Travelled {
  readonly travel: Travel;
  readonly frames: Pixels;
  /** The plain cross-dissolve of the decoded ends, frame by frame. */
  readonly dissolve: Pixels;
  /** The images that the samples were encoded from. */
  readonly originals: Pixels;
}

export interface Directions {
  readonly dials: Dials;
  /** `k · D`, a row a dial. */
  readonly directions: Float32Array;
  /** (D,) mean of the latents. */
  readonly centre: Float32Array;
}

export interface Landed {
  readonly dropped: Dropped;
  readonly latent: Float32Array;
  /** The image as the model sees it, then its reconstruction. */
  readonly pixels: Pixels;
}

export interface Motion {
  readonly card: MotionCard;
  readonly triplets: Uint32Array;
  readonly flow: Float32Array;
  readonly displacement: Float32Array;
  readonly courses: Uint32Array;
  readonly lengths: Uint32Array;
}

/** First, true middle, last; then the middles as the line and the predictor have them. */
export interface Middles {
  readonly pixels: Pixels;
  readonly names: readonly string[];
  /** Mean squared errors against the true middle. */
  readonly errors: readonly (number | null)[];
  readonly words: string;
}

export interface Training {
  readonly epochs: Epochs;
  /** `epochs · n · 2`. */
  readonly positions: Float32Array;
  readonly labels: Int32Array;
}

export interface Compared {
  readonly sides: SideBySide;
  /** By exhibit's key, aligned positions of the shared samples, `n · 2`. */
  readonly positions: Readonly<Record<string, Float32Array>>;
  /** By exhibit's key, the row of each shared sample. */
  readonly rows: Readonly<Record<string, Uint32Array>>;
}

/** A fault told in the program's own words: what, and how to mend it. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly hint: string = "",
    readonly status: number = 0,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

export type ImageKind = "original" | "reconstruction";
export type FilmKind = "gif" | "mp4" | "npz";

/** Every promise may end in a `Refusal`; one whose `signal` was aborted ends in an AbortError. */
export interface Source {
  exhibition(): Promise<Exhibition>;
  /** Of every sample of the exhibit; NaN, or −1 of a category, where there is no value. */
  column(key: string, name: string): Promise<Float32Array>;
  points(key: string, map: string): Promise<Points>;
  /** At most `side` pixels high and wide where `side` is given. */
  images(
    key: string,
    rows: readonly number[],
    kind: ImageKind,
    side?: number,
    signal?: AbortSignal,
  ): Promise<Pixels>;
  sample(key: string, row: number, signal?: AbortSignal): Promise<SampleCard>;
  find(key: string, text: string, signal?: AbortSignal): Promise<Found>;
  /** What is decoded at a place of a map. */
  look(key: string, map: string, x: number, y: number, signal?: AbortSignal): Promise<Looked>;
  /** Latents, `n · D`, to images. */
  decode(key: string, latents: Float32Array, signal?: AbortSignal): Promise<Pixels>;
  /** The latent of a sample (D,), or of several one after another. */
  latents(key: string, rows: readonly number[], signal?: AbortSignal): Promise<Float32Array>;
  /** Where latents, `n · D`, lie on a map that can place them. */
  place(
    key: string,
    map: string,
    latents: Float32Array,
    signal?: AbortSignal,
  ): Promise<Float32Array>;
  /** A decoded grid over the map's extent, row by row from the top. */
  manifold(key: string, map: string, side: number, signal?: AbortSignal): Promise<Manifold>;
  travel(key: string, journey: Journey, signal?: AbortSignal): Promise<Travelled>;
  film(key: string, journey: Journey, kind: FilmKind): Promise<Blob>;
  dials(key: string): Promise<Directions>;
  drop(key: string, image: Blob, signal?: AbortSignal): Promise<Landed>;
  motion(key: string): Promise<Motion>;
  middles(key: string, triplet: number, signal?: AbortSignal): Promise<Middles>;
  training(key: string): Promise<Training>;
  /** The prediction matrix of an epoch, as an image file. */
  epoch(key: string, epoch: number): Promise<Blob>;
  compare(keys: readonly string[], map: string): Promise<Compared>;
}

/** Decoded images over a part of a map. */
export interface Manifold {
  readonly columns: number;
  readonly rows: number;
  /** x and y of the middles of the first and last tile, from left to right and from top down. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly pixels: Pixels;
}
