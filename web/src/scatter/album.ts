/** Pictures on the map: who shows one at this view, and how they are drawn. */

import { Atlas, CAPACITY } from "./atlas";
import { type Camera, toScreen } from "./frame";
import { type Ink, PLAIN } from "./ink";
import type { Detail } from "./lod";
import type { ThumbnailProvider } from "./scatter";
import { type Candidate, layOut } from "./thumbnails";

const GAP = 5;
const FADE_MS = 220;
const CORNER = 4;

export interface Page {
  readonly camera: Camera;
  readonly detail: Detail;
  readonly ink: Ink;
  readonly order: Uint32Array;
  readonly positions: Float32Array;
  readonly runs: Uint32Array;
  readonly ratio: number;
  readonly still: boolean;
}

export class Album {
  private readonly atlas: Atlas;
  private shown: Candidate[] = [];
  private side = 0;
  /** When each began to be shown, ms. */
  private began = new Map<number, number>();

  constructor(provider: ThumbnailProvider, ratio: number, arrived: () => void) {
    this.atlas = new Atlas(provider, ratio > 1.5 ? 112 : 72, arrived);
  }

  get count(): number {
    return this.shown.length;
  }

  /** The point whose picture is at a place of the screen. */
  at(px: number, py: number): number | null {
    const half = this.side / 2;
    const hit = this.shown.find((c) => Math.abs(c.px - px) <= half && Math.abs(c.py - py) <= half);
    return hit !== undefined && this.atlas.since(hit.index) !== null ? hit.index : null;
  }

  hide(): void {
    this.shown = [];
    this.began.clear();
  }

  /** Draws, and says whether pictures are still fading in. */
  draw(pen: CanvasRenderingContext2D, page: Page): boolean {
    const { detail, ratio, ink, still } = page;
    this.side = detail.side;
    this.shown = layOut(
      candidates(page),
      detail.side + GAP,
      new Set(this.began.keys()),
      CAPACITY - 100,
    );
    this.atlas.want(this.shown.map((c) => c.index));
    const now = performance.now();
    const began = new Map<number, number>();
    let fading = false;
    pen.save();
    pen.scale(ratio, ratio);
    for (const { index, slot, px, py } of this.shown) {
      const came = this.atlas.since(index);
      const start = this.began.get(index) ?? now;
      began.set(index, start);
      if (came === null) continue;
      const part = still ? 1 : Math.min(1, (now - Math.max(start, came)) / FADE_MS);
      fading ||= part < 1;
      pen.globalAlpha = detail.thumbnails * part;
      this.frame(pen, index, px, py, ink.colours[slot] as number);
    }
    pen.restore();
    this.began = began;
    return fading;
  }

  close(): void {
    this.atlas.close();
  }

  /** A picture in the colour of its point. */
  private frame(pen: CanvasRenderingContext2D, index: number, px: number, py: number, ink: number) {
    const side = this.side;
    const [x, y] = [px - side / 2, py - side / 2];
    pen.fillStyle = `rgb(${ink & 255} ${(ink >> 8) & 255} ${(ink >> 16) & 255})`;
    pen.beginPath();
    pen.roundRect(x - 2, y - 2, side + 4, side + 4, CORNER);
    pen.fill();
    this.atlas.draw(pen, index, x, y, side);
  }
}

function candidates({ camera, runs, order, positions, ink, detail }: Page): Candidate[] {
  const found: Candidate[] = [];
  const pad = detail.side;
  for (let r = 0; r < runs.length; r += 2) {
    for (let slot = runs[r] as number; slot < (runs[r + 1] as number); slot++) {
      if ((ink.colours[slot] as number) >>> 24 !== PLAIN) continue;
      const at = toScreen(camera, positions[2 * slot] as number, positions[2 * slot + 1] as number);
      const [px, py] = at;
      if (px < -pad || px > camera.width + pad || py < -pad || py > camera.height + pad) continue;
      found.push({ index: order[slot] as number, slot, px, py });
    }
  }
  return found;
}
