/** What a painter of points is given, and what it must do; there are two. */

import type { Camera } from "./frame";
import type { Ink } from "./ink";
import type { Detail } from "./lod";
import type { Theme } from "./scatter";

/** Two layouts in units, in the same order of slots; `from` is `to` where nothing moves. */
export interface Cloud {
  readonly n: number;
  readonly from: Float32Array;
  readonly to: Float32Array;
}

export interface Scene {
  readonly camera: Camera;
  readonly detail: Detail;
  readonly theme: Theme;
  /** Width of a dot's rim, px. */
  readonly rim: number;
  /** Device pixels a CSS pixel. */
  readonly ratio: number;
  /** 0 is the layout before, 1 the present one. */
  readonly mix: number;
  readonly opacity: number;
  readonly stride: number;
  /** Slots to draw: first and behind the last of each run. */
  readonly runs: Uint32Array;
}

export interface Painter {
  readonly kind: "webgl" | "splat";
  readonly renderer: string;
  setCloud(cloud: Cloud): void;
  setInk(ink: Ink): void;
  /** Draws over what is on the target, whose units are device pixels. */
  paint(scene: Scene, target: CanvasRenderingContext2D): void;
  release(): void;
}
