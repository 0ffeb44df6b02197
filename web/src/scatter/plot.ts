/** Points on their sheet: what is known of them, and drawing it again when it has changed. */

import { Album } from "./album";
import type { Backdrop } from "./backdrop";
import type { Canvases } from "./canvases";
import type { Clock } from "./clock";
import { bodyOf, frameOf, sightOf, toUnits } from "./frame";
import { buildGrid, countIn, type Grid, runsIn } from "./grid";
import { type Ink, type Inking, inkOf } from "./ink";
import { type Detail, detailOf, Governor, rimOf } from "./lod";
import { Painters } from "./painters";
import type { Layout, ScatterOptions, Theme, ThumbnailProvider } from "./scatter";
import type { Eye, Sight } from "./sight";

const PAD = 14;
/** Leaving out more than all but these gains no time. */
const FEW = 60_000;

export class Plot {
  grid: Grid = buildGrid(new Float32Array(0));
  ink: Ink | null = null;
  detail: Detail | null = null;
  backdrop: Backdrop | null = null;
  album: Album | null = null;
  readonly painters: Painters;
  readonly counts = { drawn: 0, frameMs: 0, gridMs: 0, stride: 1 };
  readonly governor: Governor;
  private units: Float32Array = new Float32Array(0);
  private from: Float32Array = new Float32Array(0);
  private rows: Uint32Array | null = null;
  private mix = 1;
  private opacity = 1;
  private ghost: HTMLCanvasElement | null = null;
  private inking: Inking;
  private dirty = true;
  private last = 0;

  constructor(
    private readonly sheets: () => Canvases,
    private readonly sight: Sight,
    private readonly clock: Clock,
    options: ScatterOptions,
  ) {
    const { theme } = options;
    const scale = { kind: "category" } as const;
    this.inking = { values: null, scale, selection: null, shown: null, theme };
    this.painters = new Painters(options.painter ?? "auto", () => this.change());
    this.governor = new Governor(this.painters.current.kind === "splat" ? 22 : 40);
  }

  get n(): number {
    return this.grid.n;
  }

  get theme(): Theme {
    return this.inking.theme;
  }

  get shown(): Uint8Array | null {
    return this.inking.shown;
  }

  change(): void {
    this.dirty = true;
    this.clock.request();
  }

  /** Takes a new layout; the old one flows into it where both are of the same samples. */
  setLayout(layout: Layout, ms: number, view: "fit" | "keep"): void {
    const first = this.n === 0;
    const flows = ms > 0 && !this.clock.still && !first && this.isSame(layout);
    const before = flows ? this.present() : null;
    if (ms > 0 && !flows && !first) this.keepGhost();
    const frame = frameOf(layout.extent ?? bodyOf(layout.positions), this.sight.aspect);
    const start = performance.now();
    this.units = toUnits(layout.positions, frame);
    this.grid = buildGrid(this.units);
    this.counts.gridMs = performance.now() - start;
    if (this.rows !== (layout.rows ?? null)) this.album?.hide();
    this.rows = layout.rows ?? null;
    this.from = before === null ? this.grid.sorted : inSlots(before, this.grid.order);
    this.painters.setCloud({ n: this.n, from: this.from, to: this.grid.sorted });
    this.ink = null;
    this.sight.change(frame);
    this.flow(flows, ms, first || view === "fit");
    this.change();
  }

  setInk(part: Partial<Inking>): void {
    this.inking = { ...this.inking, ...part };
    this.ink = null;
    this.change();
  }

  /** The colour of a point, faded or not. */
  colourOf(index: number): string {
    const ink = inkOf(Uint32Array.of(index), this.inking).colours[0] as number;
    return `rgb(${ink & 255} ${(ink >> 8) & 255} ${(ink >> 16) & 255})`;
  }

  setThumbnails(provider: ThumbnailProvider | null): void {
    this.album?.close();
    this.album = provider && new Album(provider, this.sheets().ratio, () => this.change());
    this.change();
  }

  /** Pictures are of indices: other samples have others. */
  private isSame({ positions, rows }: Layout): boolean {
    if (positions.length !== this.units.length) return false;
    const old = this.rows;
    if (old === null || rows === undefined || old === rows) return true;
    return rows.every((row, i) => row === old[i]);
  }

  private flow(flows: boolean, ms: number, fit: boolean): void {
    const start = this.sight.eye;
    const end: Eye = fit ? { ex: 0, ey: 0, k: 1 } : start;
    const between = (a: number, b: number, t: number) => a + (b - a) * t;
    this.mix = flows ? 0 : 1;
    this.opacity = this.ghost === null ? 1 : 0;
    this.clock.move("eye", flows ? ms : 0, (t) => {
      const [ex, ey] = [between(start.ex, end.ex, t), between(start.ey, end.ey, t)];
      this.sight.eye = t >= 1 ? end : { ex, ey, k: start.k * (end.k / start.k) ** t };
    });
    this.clock.move("layout", ms, (t) => {
      if (flows) {
        this.mix = t;
        this.sight.blend(t);
      }
      this.opacity = this.ghost === null ? 1 : t;
      if (t >= 1) this.ghost = null;
      this.change();
    });
  }

  /** Units of each point as they are drawn now, on the way between two layouts perhaps. */
  private present(): Float32Array {
    if (this.mix >= 1) return this.units;
    const { order, sorted } = this.grid;
    const now = new Float32Array(this.units.length);
    for (let slot = 0; slot < order.length; slot++) {
      const to = 2 * (order[slot] as number);
      for (const axis of [0, 1]) {
        const [a, b] = [this.from[2 * slot + axis] as number, sorted[2 * slot + axis] as number];
        now[to + axis] = a + (b - a) * this.mix;
      }
    }
    return now;
  }

  private keepGhost(): void {
    const { canvas } = this.sheets().base;
    const ghost = document.createElement("canvas");
    ghost.width = canvas.width;
    ghost.height = canvas.height;
    ghost.getContext("2d")?.drawImage(canvas, 0, 0);
    this.ghost = ghost;
  }

  draw(now: number): void {
    if (!this.dirty) return;
    this.dirty = false;
    const { base, ratio } = this.sheets();
    const { camera } = this.sight;
    const start = performance.now();
    if (this.ink === null) {
      this.ink = inkOf(this.grid.order, this.inking);
      this.painters.setInk(this.ink);
    }
    const flowing = this.mix < 1;
    const inSight = runsIn(this.grid, sightOf(camera, PAD));
    const placed = this.grid.starts[this.grid.columns * this.grid.rows] as number;
    const runs = flowing ? Uint32Array.of(0, placed) : inSight;
    const count = countIn(runs);
    const most = Math.ceil(count / FEW);
    const stride = this.clock.moving ? Math.max(1, Math.min(this.governor.stride, most)) : 1;
    this.detail = detailOf(this.grid, camera, count);
    this.clear(base);
    this.backdrop?.draw(base, (x, y) => this.sight.screen(x, y), ratio);
    const { mix, opacity, detail, theme } = this;
    const rim = rimOf(detail.radius, this.backdrop !== null);
    const scene = { camera, detail, theme, rim, ratio, mix, opacity, stride, runs };
    this.painters.current.paint(scene, base);
    this.note(now, start, stride);
    this.counts.drawn = Math.ceil(count / stride);
    if (this.clock.moving) this.counts.stride = stride;
    this.drawPictures(runs, flowing);
  }

  private clear(base: CanvasRenderingContext2D): void {
    base.globalAlpha = 1;
    base.clearRect(0, 0, base.canvas.width, base.canvas.height);
    if (this.ghost === null) return;
    base.globalAlpha = 1 - this.opacity;
    base.drawImage(this.ghost, 0, 0);
    base.globalAlpha = 1;
  }

  /** A card draws when it likes: its time is seen only between two frames of a movement. */
  private note(now: number, start: number, stride: number): void {
    const took = performance.now() - start;
    const between = now - this.last;
    this.last = now;
    const splat = this.painters.current.kind === "splat";
    this.counts.frameMs = took;
    if (splat) this.governor.note(took, stride);
    else if (this.clock.moving && between < 2000) this.governor.note(between, stride);
  }

  private drawPictures(runs: Uint32Array, flowing: boolean): void {
    if (this.album === null || this.detail === null || this.ink === null) return;
    if (flowing || this.detail.thumbnails === 0) {
      this.album.hide();
      return;
    }
    const { base, ratio } = this.sheets();
    const fading = this.album.draw(base, {
      camera: this.sight.camera,
      detail: this.detail,
      ink: this.ink,
      order: this.grid.order,
      positions: this.grid.sorted,
      runs,
      ratio,
      still: this.clock.still,
    });
    if (fading) this.change();
  }

  release(): void {
    this.album?.close();
    this.painters.release();
  }
}

function inSlots(units: Float32Array, order: Uint32Array): Float32Array {
  const sorted = new Float32Array(units.length);
  for (let slot = 0; slot < order.length; slot++) {
    const index = order[slot] as number;
    sorted[2 * slot] = units[2 * index] as number;
    sorted[2 * slot + 1] = units[2 * index + 1] as number;
  }
  return sorted;
}
