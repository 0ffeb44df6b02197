/** Which painter draws: WebGL where there is a graphics card behind it, else, or lost, the other. */

import { WebGLPainter } from "./gl/painter";
import { type Stage, stage } from "./gl/stage";
import type { Ink } from "./ink";
import type { Cloud, Painter } from "./painter";
import { SplatPainter } from "./splat";

export class Painters {
  private readonly stage: Stage | null;
  private webgl: WebGLPainter | null = null;
  private splat: SplatPainter | null = null;
  private cloud: Cloud | null = null;
  private ink: Ink | null = null;
  private painter: Painter | null = null;

  constructor(
    wanted: "auto" | "webgl" | "splat",
    private readonly changed: () => void,
  ) {
    this.stage = wanted === "splat" ? null : stage(wanted === "webgl");
    this.stage?.enter(this.heard);
  }

  get current(): Painter {
    this.painter ??= this.choose();
    return this.painter;
  }

  setCloud(cloud: Cloud): void {
    this.cloud = cloud;
    this.current.setCloud(cloud);
  }

  setInk(ink: Ink): void {
    this.ink = ink;
    this.current.setInk(ink);
  }

  release(): void {
    this.webgl?.release();
    this.splat?.release();
    this.stage?.leave(this.heard);
  }

  private choose(): Painter {
    if (this.stage !== null && !this.stage.lost) {
      this.webgl ??= new WebGLPainter(this.stage);
      return this.webgl;
    }
    this.splat ??= new SplatPainter();
    return this.splat;
  }

  private readonly heard = (lost: boolean): void => {
    if (lost) this.webgl?.forget();
    this.painter = this.choose();
    if (this.cloud !== null) this.painter.setCloud(this.cloud);
    if (this.ink !== null) this.painter.setInk(this.ink);
    this.changed();
  };
}
