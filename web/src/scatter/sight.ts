/** What part of the layout is looked at: the eye's place in units and the zoom. */

import { interpolateZoom } from "d3-interpolate";
import { basePixels, type Camera, type Frame, toUnit, UNIT, viewOf } from "./frame";
import type { Extent, Insets, View } from "./scatter";

export const ZOOMS = [0.3, 50_000] as const;
export type Aspect = "equal" | "free";

export interface Eye {
  readonly ex: number;
  readonly ey: number;
  readonly k: number;
}

const NO_INSETS: Insets = { left: 0, right: 0, top: 0, bottom: 0 };
/** Insets that would leave less of a side than this share are not kept clear of. */
const LEAST_ROOM = 0.6;

export class Sight {
  insets: Insets = NO_INSETS;
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
    const { wide, high } = this.room;
    const now = basePixels(this.frame, this.aspect, wide, high);
    if (this.mix >= 1) return now;
    const then = basePixels(this.before, this.aspect, wide, high);
    const between = (a: number, b: number) => a + (b - a) * this.mix;
    return [between(then[0], now[0]), between(then[1], now[1])];
  }

  /** The part that nothing covers: its size, and how far its middle lies from the canvas's. */
  get room(): { wide: number; high: number; dx: number; dy: number } {
    const { left, right, top, bottom } = this.insets;
    const across = left + right <= (1 - LEAST_ROOM) * this.width;
    const down = top + bottom <= (1 - LEAST_ROOM) * this.height;
    return {
      wide: across ? this.width - left - right : this.width,
      high: down ? this.height - top - bottom : this.height,
      dx: across ? (left - right) / 2 : 0,
      dy: down ? (top - bottom) / 2 : 0,
    };
  }

  /** Where the eye is on the canvas, in pixels. */
  get middle(): [number, number] {
    const { dx, dy } = this.room;
    return [this.width / 2 + dx, this.height / 2 + dy];
  }

  /** What the whole canvas sees: its own middle lies beside the eye where something covers a side. */
  get camera(): Camera {
    const [bx, by] = this.base;
    const { ex, ey, k } = this.eye;
    const { dx, dy } = this.room;
    const [px, py] = [bx * k, by * k];
    return { width: this.width, height: this.height, ex: ex - dx / px, ey: ey + dy / py, px, py };
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
    const { wide, high } = this.room;
    return this.eyeOf(viewOf(extent, this.frame, this.base, [wide, high]));
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
