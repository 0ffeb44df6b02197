/** Pictures of points: asked for in batches, kept on one canvas, the longest unused given up. */

import type { ThumbnailProvider, Tiles } from "./scatter";

const ACROSS = 28;
export const CAPACITY = ACROSS * ACROSS;
const BATCH = 96;
const TRIES = 2;

interface Kept {
  readonly cell: number;
  readonly since: number;
  used: number;
}

export class Atlas {
  private readonly kept = new Map<number, Kept>();
  private readonly refused = new Map<number, number>();
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private free: number[] = Array.from({ length: CAPACITY }, (_, i) => CAPACITY - 1 - i);
  private request: AbortController | null = null;
  private wanted: readonly number[] = [];
  private turn = 0;
  /** Width and height of the pictures as kept; all are alike. */
  private shape: readonly [number, number] = [0, 0];

  constructor(
    private readonly provider: ThumbnailProvider,
    private readonly tile: number,
    private readonly arrived: () => void,
  ) {
    this.canvas = document.createElement("canvas");
    this.canvas.width = ACROSS * tile;
    this.canvas.height = ACROSS * tile;
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this browser has no 2D canvas");
    this.context = context;
  }

  /** Says which are shown now, and asks for those not yet here. */
  want(indices: readonly number[]): void {
    this.turn += 1;
    for (const index of indices) {
      const kept = this.kept.get(index);
      if (kept !== undefined) kept.used = this.turn;
    }
    this.wanted = indices;
    if (this.request === null) void this.ask();
  }

  /** When a picture came, ms of the page's clock; null while it is not here. */
  since(index: number): number | null {
    return this.kept.get(index)?.since ?? null;
  }

  /** Draws a picture into a square, keeping its proportions. */
  draw(pen: CanvasRenderingContext2D, index: number, x: number, y: number, side: number): void {
    const kept = this.kept.get(index);
    if (kept === undefined) return;
    const [w, h] = this.shape;
    const per = side / Math.max(w, h);
    const [left, top] = [
      (kept.cell % ACROSS) * this.tile,
      Math.floor(kept.cell / ACROSS) * this.tile,
    ];
    pen.imageSmoothingEnabled = Math.max(w, h) > 16;
    const [wide, high] = [w * per, h * per];
    pen.drawImage(
      this.canvas,
      left,
      top,
      w,
      h,
      x + (side - wide) / 2,
      y + (side - high) / 2,
      wide,
      high,
    );
  }

  close(): void {
    this.request?.abort();
    this.wanted = [];
    this.kept.clear();
  }

  private async ask(): Promise<void> {
    const missing = this.wanted
      .filter((index) => !this.kept.has(index) && (this.refused.get(index) ?? 0) < TRIES)
      .slice(0, BATCH);
    if (missing.length === 0) return;
    const request = new AbortController();
    this.request = request;
    try {
      const answer = await this.provider(missing, this.tile, request.signal);
      if (request.signal.aborted) return;
      this.keep(missing, await bitmaps(answer));
    } catch {
      if (request.signal.aborted) return;
      for (const index of missing) this.refused.set(index, (this.refused.get(index) ?? 0) + 1);
    }
    this.request = null;
    this.arrived();
    void this.ask();
  }

  private keep(indices: readonly number[], images: readonly CanvasImageSource[]): void {
    const now = performance.now();
    indices.forEach((index, i) => {
      const image = images[i];
      const cell = image === undefined ? null : this.room();
      if (image === undefined || cell === null) {
        this.refused.set(index, TRIES);
        return;
      }
      this.put(image as ImageBitmap, cell);
      this.kept.set(index, { cell, since: now, used: this.turn });
    });
  }

  private put(image: ImageBitmap | HTMLCanvasElement, cell: number): void {
    const per = Math.min(1, this.tile / Math.max(image.width, image.height));
    const [w, h] = [Math.round(image.width * per), Math.round(image.height * per)];
    const [left, top] = [(cell % ACROSS) * this.tile, Math.floor(cell / ACROSS) * this.tile];
    this.shape = [w, h];
    this.context.clearRect(left, top, this.tile, this.tile);
    this.context.drawImage(image, left, top, w, h);
  }

  /** A free cell, or that of the picture unused for longest; null where all are in use. */
  private room(): number | null {
    const free = this.free.pop();
    if (free !== undefined) return free;
    let [oldest, used] = [-1, this.turn];
    for (const [index, kept] of this.kept)
      if (kept.used < used) [oldest, used] = [index, kept.used];
    const kept = this.kept.get(oldest);
    if (kept === undefined) return null;
    this.kept.delete(oldest);
    return kept.cell;
  }
}

async function bitmaps(
  answer: Tiles | readonly ImageBitmap[],
): Promise<readonly CanvasImageSource[]> {
  if (!("bytes" in answer)) return answer;
  return Array.from({ length: answer.n }, (_, i) => tileCanvas(answer, i));
}

/** One image of many as a canvas of its own. */
export function tileCanvas(tiles: Tiles, which: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = tiles.width;
  canvas.height = tiles.height;
  canvas.getContext("2d")?.putImageData(tileImage(tiles, which), 0, 0);
  return canvas;
}

export function tileImage({ height, width, channels, bytes }: Tiles, which: number): ImageData {
  const image = new ImageData(width, height);
  const from = which * height * width * channels;
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  for (let p = 0; p < width * height; p++) {
    const at = from + p * channels;
    image.data[4 * p] = bytes[at] as number;
    image.data[4 * p + 1] = bytes[at + green] as number;
    image.data[4 * p + 2] = bytes[at + blue] as number;
    image.data[4 * p + 3] = 255;
  }
  return image;
}
