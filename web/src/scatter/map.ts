/** The map: calls of the page, pointer and keys on one side, the two sheets on the other. */

import { backdropOf } from "./backdrop";
import { canvasesIn } from "./canvases";
import { Clock } from "./clock";
import { type Area, extentAround, pick, within } from "./finding";
import { type By, gesturesOn, type Hand } from "./gestures";
import { act } from "./keys";
import { thinned } from "./lasso";
import { drawOverlay, type Highlight } from "./overlay";
import { Plot } from "./plot";
import type {
  ArrowStyle,
  Events,
  Extent,
  Marker,
  Path,
  Pointed,
  Scatter,
  ScatterOptions,
  Stats,
} from "./scatter";
import { type Eye, Sight } from "./sight";

const WHOLE: Eye = { ex: 0, ey: 0, k: 1 };
const FLIGHT_MS = 550;
const FIT_MS = 350;
const STEP_MS = 160;

/** Draws a map into an element, which must have a size and takes the keyboard's focus. */
export function createScatter(host: HTMLElement, options: ScatterOptions): Scatter {
  return new ScatterMap(host, options).scatter;
}

type Listeners = { [Name in keyof Events]: Set<(event: Events[Name]) => void> };
interface Pointer {
  readonly px: number;
  readonly py: number;
  readonly by: By;
  readonly shift: boolean;
  readonly meta: boolean;
}

class ScatterMap {
  private readonly listeners: Listeners = {
    hover: new Set(),
    click: new Set(),
    view: new Set(),
    select: new Set(),
  };
  private readonly sight: Sight;
  private readonly clock: Clock;
  private readonly plot: Plot;
  private readonly canvases;
  private readonly gestures;
  private readonly reach: number;
  private positions: Float32Array = new Float32Array(0);
  private arrows: Float32Array | null = null;
  private arrowStyle: ArrowStyle = {};
  private paths: readonly Path[] = [];
  private markers: readonly Marker[] = [];
  private highlight: number | null = null;
  private lasso: readonly number[] | null = null;
  private crosshair = false;
  private pointer: Pointer | null = null;
  private moved: { byHand: boolean; quiet: boolean } | null = null;
  private readonly times = { pickMs: 0, lassoMs: 0 };

  constructor(
    private readonly host: HTMLElement,
    options: ScatterOptions,
  ) {
    const still = options.still ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.reach = options.reach ?? 14;
    this.sight = new Sight(options.aspect ?? "equal");
    this.clock = new Clock(
      (now) => this.draw(now),
      () => this.rested(),
      still,
    );
    this.plot = new Plot(() => this.canvases, this.sight, this.clock, options);
    this.canvases = canvasesIn(host, (width, height) => {
      this.sight.width = width;
      this.sight.height = height;
      this.plot?.change();
      this.moved ??= { byHand: false, quiet: true };
    });
    host.tabIndex = Math.max(0, host.tabIndex);
    host.setAttribute("role", "application");
    host.setAttribute("aria-label", options.label);
    this.gestures = gesturesOn(
      host,
      this.canvases.over.canvas,
      this.hand(),
      options.wheel ?? "always",
    );
    this.plot.change();
  }

  get scatter(): Scatter {
    const { plot, sight, host } = this;
    const over = (set: () => void) => {
      set();
      this.clock.request();
    };
    const view = () => sight.view;
    const seen = () => this.extentInSight();
    return {
      setPoints: (layout, { animate = 0, view: where = "fit" } = {}) => {
        this.positions = layout.positions;
        plot.setLayout(layout, animate, where);
        this.moved = { byHand: false, quiet: false };
      },
      setColours: (values, scale) => plot.setInk({ values, scale }),
      setTheme: (theme) => plot.setInk({ theme }),
      setLabel: (label) => host.setAttribute("aria-label", label),
      setTool: (tool) => this.gestures.setTool(tool),
      setSelection: (indices) => plot.setInk({ selection: indices && this.mask(indices) }),
      setHighlight: (index) => over(() => (this.highlight = index)),
      setFilter: (mask) => plot.setInk({ shown: mask }),
      setThumbnails: (provider) => plot.setThumbnails(provider),
      setArrows: (arrows, style = {}) =>
        over(() => {
          this.arrows = arrows;
          this.arrowStyle = style;
        }),
      setPaths: (paths) => over(() => (this.paths = paths)),
      setMarkers: (markers) => over(() => (this.markers = markers)),
      setBackground: (background) => {
        plot.backdrop = background && backdropOf(background);
        plot.change();
      },
      get view() {
        return view();
      },
      setView: (to, { animate = 0, quiet = false } = {}) =>
        this.look(sight.eyeOf(to), animate, quiet),
      zoomTo: (target, { animate = FLIGHT_MS } = {}) =>
        this.look(
          sight.eyeOn(
            "indices" in target
              ? extentAround(plot, sight, this.positions, target.indices)
              : target,
          ),
          animate,
        ),
      zoomBy: (factor, { animate = STEP_MS } = {}) => this.zoomAt(factor, ...sight.middle, animate),
      fit: ({ animate = FIT_MS } = {}) => this.look(WHOLE, animate),
      setInsets: (insets) => {
        sight.insets = insets;
        this.moved = { byHand: false, quiet: true };
        this.clock.request();
      },
      get sight() {
        return seen();
      },
      toData: (px, py) => sight.place(px, py),
      toScreen: (x, y) => sight.screen(x, y),
      pick: (px, py, radius = this.reach) => this.pick(px, py, radius),
      within: (area) => this.within(area),
      on: (name, listener) => {
        const set = this.listeners[name];
        set.add(listener);
        return () => set.delete(listener);
      },
      picture: () => this.picture(),
      stats: () => this.stats(),
      destroy: () => this.destroy(),
    };
  }

  private tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.listeners[name]) listener(event);
  }

  private draw(now: number): void {
    if (this.moved !== null) {
      this.plot.change();
      const { byHand, quiet } = this.moved;
      this.moved = null;
      if (this.crosshair) this.pointer = this.middle();
      if (!quiet) this.tell("view", { view: this.sight.view, moving: true, byHand });
    }
    this.tellHover();
    this.plot.draw(now);
    this.drawOver();
  }

  private rested(): void {
    this.plot.change();
    this.tell("view", { view: this.sight.view, moving: false, byHand: false });
  }

  private drawOver(): void {
    const { over, ratio } = this.canvases;
    over.setTransform(1, 0, 0, 1, 0, 0);
    over.clearRect(0, 0, over.canvas.width, over.canvas.height);
    over.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawOverlay(over, {
      theme: this.plot.theme,
      width: this.sight.width,
      height: this.sight.height,
      screen: (x, y) => this.sight.screen(x, y),
      arrows: this.arrows,
      arrowStyle: this.arrowStyle,
      paths: this.paths,
      markers: this.markers,
      highlight: this.highlighted(),
      lasso: this.lasso,
      crosshair: this.crosshair,
    });
  }

  private highlighted(): Highlight | null {
    if (this.highlight === null) return null;
    const [x, y] = [this.positions[2 * this.highlight], this.positions[2 * this.highlight + 1]];
    if (x === undefined || y === undefined || Number.isNaN(x + y)) return null;
    const [px, py] = this.sight.screen(x, y);
    const colour = this.plot.colourOf(this.highlight);
    return { px, py, colour, radius: Math.max(3.5, this.plot.detail?.radius ?? 0) };
  }

  /** Looks elsewhere: at once, or by flying there. */
  private look(to: Eye, ms: number, quiet = false): void {
    const way = ms > 0 ? this.sight.flight(to) : () => to;
    this.clock.move("eye", ms, (part) => this.set(way(part), { byHand: false, quiet }));
  }

  private set(eye: Eye, moved: { byHand: boolean; quiet: boolean }): void {
    this.sight.eye = eye;
    this.moved = moved;
    if (this.clock.still || !moved.quiet) this.clock.stir();
    else this.clock.request();
  }

  private zoomAt(factor: number, px: number, py: number, ms: number): void {
    const [x, y] = this.sight.units(...this.sight.place(px, py));
    const { ex, ey, k } = this.sight.eye;
    const { x: cx, y: cy } = this.sight.view;
    const to = this.sight.eyeOf({ x: cx, y: cy, k: k * factor });
    const f = to.k / k;
    this.look({ ex: x + (ex - x) / f, ey: y + (ey - y) / f, k: to.k }, ms);
  }

  private pick(px: number, py: number, radius: number): number | null {
    const start = performance.now();
    const found = pick(this.plot, this.sight, [px, py], radius);
    this.times.pickMs = performance.now() - start;
    return found;
  }

  private within(area: Area): Uint32Array {
    const start = performance.now();
    const found = within(this.plot, this.sight, area);
    this.times.lassoMs = performance.now() - start;
    return found;
  }

  private extentInSight(): Extent {
    const [x0, y1] = this.sight.place(0, 0);
    const [x1, y0] = this.sight.place(this.sight.width, this.sight.height);
    return [x0, y0, x1, y1];
  }

  private mask(indices: ArrayLike<number>): Uint8Array {
    const mask = new Uint8Array(this.positions.length >> 1);
    for (let i = 0; i < indices.length; i++) mask[indices[i] as number] = 1;
    return mask;
  }

  private pointed({ px, py, by, shift, meta }: Pointer): Pointed {
    const [x, y] = this.sight.place(px, py);
    const radius = by === "touch" || by === "keyboard" ? 2 * this.reach : this.reach;
    return { index: this.pick(px, py, radius), x, y, px, py, by, shift, meta };
  }

  private tellHover(): void {
    if (this.pointer === null) return;
    const pointer = this.pointer;
    this.pointer = null;
    this.tell("hover", this.pointed(pointer));
  }

  private hand(): Hand {
    const { sight } = this;
    const pointerOf = (px: number, py: number, event: MouseEvent, by: By): Pointer => ({
      px,
      py,
      by,
      shift: event.shiftKey,
      meta: event.metaKey || event.ctrlKey,
    });
    return {
      transform: () => {
        const { ex, ey, k } = sight.eye;
        const [bx, by] = sight.base;
        const [w, h] = sight.middle;
        return { x: w - k * (w + ex * bx), y: h - k * (h - ey * by), k };
      },
      moved: (x, y, k) => {
        const [bx, by] = sight.base;
        const [w, h] = sight.middle;
        this.clock.halt("eye");
        const eye = { ex: ((w - x) / k - w) / bx, ey: (h - (h - y) / k) / by, k };
        this.set(eye, { byHand: true, quiet: false });
      },
      pointed: (px, py, event, by) => {
        this.pointer = pointerOf(px, py, event, by);
        this.crosshair = false;
        this.clock.request();
      },
      left: () => {
        this.pointer = null;
        this.tell("hover", null);
      },
      clicked: (px, py, event, by) =>
        this.tell("click", this.pointed(pointerOf(px, py, event, by))),
      zoomed: (factor, px, py) => this.zoomAt(factor, px, py, 2 * STEP_MS),
      drawn: (corners, done, tool, add) => this.drawn(corners, done, tool, add),
      pressed: (event) => this.pressed(event),
      focused: (on) => {
        this.crosshair = on;
        this.clock.request();
      },
    };
  }

  private drawn(
    corners: readonly number[] | null,
    done: boolean,
    kind: "lasso" | "box",
    add: boolean,
  ) {
    this.lasso = done ? null : corners;
    this.clock.request();
    if (!done || corners === null) return;
    const thin = kind === "lasso" ? thinned(corners, 3) : Float32Array.from(corners);
    const polygon = new Float32Array(thin.length);
    for (let i = 0; i + 1 < thin.length; i += 2) {
      polygon.set(this.sight.place(thin[i] as number, thin[i + 1] as number), i);
    }
    this.tell("select", { indices: this.within({ polygon }), kind, polygon, add });
  }

  private pressed(event: KeyboardEvent): boolean {
    const { sight } = this;
    const known = act(event, {
      pan: (dx, dy) => {
        const { px, py } = sight.camera;
        const { ex, ey, k } = sight.eye;
        const to = { ex: ex + (dx * sight.width) / px, ey: ey + (dy * sight.height) / py, k };
        this.look(to, STEP_MS);
      },
      zoom: (factor) => this.zoomAt(factor, ...sight.middle, STEP_MS),
      fit: () => this.look(WHOLE, FIT_MS),
      choose: () => this.tell("click", this.pointed(this.middle(event))),
    });
    if (!known) return false;
    this.crosshair = true;
    this.pointer = this.middle(event);
    return true;
  }

  private middle(event?: KeyboardEvent): Pointer {
    const [px, py] = [this.sight.width / 2, this.sight.height / 2];
    return {
      px,
      py,
      by: "keyboard",
      shift: event?.shiftKey ?? false,
      meta: event?.metaKey ?? false,
    };
  }

  private picture(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    const { base, over } = this.canvases;
    canvas.width = base.canvas.width;
    canvas.height = base.canvas.height;
    const pen = canvas.getContext("2d");
    if (pen !== null) {
      pen.fillStyle = this.plot.theme.paper;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(base.canvas, 0, 0);
      pen.drawImage(over.canvas, 0, 0);
    }
    return canvas;
  }

  private stats(): Stats {
    const { current } = this.plot.painters;
    return {
      painter: current.kind,
      renderer: current.renderer,
      n: this.plot.n,
      ...this.plot.counts,
      ...this.times,
      thumbnails: this.plot.album?.count ?? 0,
    };
  }

  private destroy(): void {
    this.clock.stop();
    this.gestures.remove();
    this.plot.release();
    this.canvases.remove();
    for (const set of Object.values(this.listeners)) set.clear();
  }
}
