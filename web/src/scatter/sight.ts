/** What part of the layout is looked at: the eye's place in units and the zoom. */

import { interpolateZoom } from "d3-interpolate";
import { basePixels, type Camera, type Frame, toUnit, UNIT, viewOf } from "./frame";
import type { Extent, View } from "./scatter";

export const ZOOMS = [0.3, 50_000] as const;
export type Aspect = "equal" | "free";

export interface Eye {
  readonly ex: number;
  readonly ey: number;
  readonly k: number;
}

export class Sight {
  frame: Frame = UNIT;
  private before: Frame = UNIT;
  private mix = 1;
  width = 1;
  height = 1;
  eye: Eye = { ex: 0, ey: 0, k: 1 };

  constructor(readonly aspect: Aspect) {}

  /** Takes another frame; `blend` then leads from the old to it. */
  change(frame: Frame): void {
    this.before = this.frame;
    this.frame = frame;
    this.mix = 1;
  }

  blend(mix: number): void {
    this.mix = mix;
  }

  /** Pixels of a unit before zooming. */
  get base(): [number, number] {
    const now = basePixels(this.frame, this.aspect, this.width, this.height);
    if (this.mix >= 1) return now;
    const then = basePixels(this.before, this.aspect, this.width, this.height);
    const between = (a: number, b: number) => a + (b - a) * this.mix;
    return [between(then[0], now[0]), between(then[1], now[1])];
  }

  get camera(): Camera {
    const [bx, by] = this.base;
    const { ex, ey, k } = this.eye;
    return { width: this.width, height: this.height, ex, ey, px: bx * k, py: by * k };
  }

  get view(): View {
    const { cx, cy, sx, sy } = this.frame;
    return { x: cx + this.eye.ex / sx, y: cy + this.eye.ey / sy, k: this.eye.k };
  }

  eyeOf({ x, y, k }: View): Eye {
    const [ex, ey] = this.units(x, y);
    return { ex, ey, k: Math.min(ZOOMS[1], Math.max(ZOOMS[0], k)) };
  }

  eyeOn(extent: Extent): Eye {
    return this.eyeOf(viewOf(extent, this.frame, this.base, [this.width, this.height]));
  }

  units(x: number, y: number): [number, number] {
    const { cx, cy, sx, sy } = this.frame;
    return [(x - cx) * sx, (y - cy) * sy];
  }

  place(px: number, py: number): [number, number] {
    const [ux, uy] = toUnit(this.camera, px, py);
    const { cx, cy, sx, sy } = this.frame;
    return [cx + ux / sx, cy + uy / sy];
  }

  screen(x: number, y: number): [number, number] {
    const [ux, uy] = this.units(x, y);
    const { px, py, ex, ey } = this.camera;
    return [this.width / 2 + (ux - ex) * px, this.height / 2 - (uy - ey) * py];
  }

  /** The way from this eye to another, smooth in what is seen. */
  flight(to: Eye): (part: number) => Eye {
    const { ex, ey, k } = this.eye;
    const [bx, by] = this.base;
    const wide = this.width || 1;
    const way = interpolateZoom(
      [ex * bx, ey * by, wide / k],
      [to.ex * bx, to.ey * by, wide / to.k],
    );
    return (part) => {
      if (part >= 1) return to;
      const [x, y, w] = way(part);
      return { ex: x / bx, ey: y / by, k: wide / w };
    };
  }
}
