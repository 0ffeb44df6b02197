/**
 * How much detail a view bears. Far away points are a density, nearer they are dots, nearer still
 * pictures; each takes over from the last by degrees of the space that a point has on the screen.
 */

import type { Camera } from "./frame";
import type { Grid } from "./grid";

export interface Detail {
  /** Opacity of the density, of the dots and of the pictures, 0 to 1. */
  readonly density: number;
  readonly dots: number;
  readonly thumbnails: number;
  /** Radius of a dot and side of a picture, px. */
  readonly radius: number;
  readonly side: number;
  /** Points of a square pixel that are drawn at full strength. */
  readonly full: number;
}

const DOTS_FROM = [1.0, 2.6] as const;
const PICTURES_FROM = [12, 19] as const;
const PICTURES_AT_MOST = 4000;

/** `inSight` counts the points on the screen. */
export function detailOf(grid: Grid, camera: Camera, inSight: number): Detail {
  const pixels = camera.px * camera.py;
  const ofAll = Math.sqrt(pixels / grid.typical);
  const ofSight = Math.sqrt((camera.width * camera.height) / Math.max(inSight, 1));
  const space = Math.max(ofAll, 0.35 * ofSight);
  const roomy = Math.max(ofAll, 0.6 * ofSight);
  const dots = ramped(space, ...DOTS_FROM);
  return {
    density: 1 - ramped(space, DOTS_FROM[0] * 1.5, DOTS_FROM[1] * 1.5),
    dots,
    thumbnails: inSight <= PICTURES_AT_MOST ? ramped(roomy, ...PICTURES_FROM) : 0,
    radius: Math.min(5, Math.max(0.9, 0.56 * space ** 0.75)),
    side: Math.min(72, Math.max(26, Math.round(roomy * 1.15))),
    full: Math.max(grid.crowded / pixels, 1),
  };
}

/** Width of a dot's paper-coloured rim, px: none on small dots, unless they lie on pictures. */
export function rimOf(radius: number, onPictures: boolean): number {
  return Math.min(0.9, Math.max(onPictures ? 0.8 : 0, (radius - 1.4) * 0.6));
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function ramped(value: number, from: number, to: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/**
 * Strength of a density of `count` points a pixel: a lone point can be seen, the crowded hundredth
 * is at full strength, and between them strength goes with the logarithm.
 */
export function strength(count: number, full: number): number {
  if (count <= 0) return 0;
  const high = Math.log1p(LIFT * full);
  const part = Math.min(1, Math.log1p(LIFT * count) / high);
  return Math.min(1, count * 4) * (LEAST + (1 - LEAST) * part);
}
export const LIFT = 1.5;
export const LEAST = 0.16;

/** Draws every so manieth point while moving, where drawing all would stutter. */
export class Governor {
  stride = 1;
  private costs: number[] = [];

  constructor(
    /** Milliseconds that a frame may take. */
    private readonly budget: number,
    private readonly most = 31,
  ) {}

  /** Takes in how long a frame that drew every `used`th point took; one slow frame is no trend. */
  note(ms: number, used: number): void {
    this.costs.push(used * ms);
    if (this.costs.length < 3) return;
    this.costs = this.costs.slice(-3);
    const wanted = (this.costs.toSorted((a, b) => a - b)[1] as number) / this.budget;
    if (wanted > this.stride * 1.2) this.set(Math.ceil(wanted));
    else if (wanted < this.stride * 0.5) this.set(Math.floor(this.stride * 0.7));
  }

  private set(stride: number): void {
    this.stride = Math.min(this.most, Math.max(1, stride));
    this.costs = [];
  }
}
