/** The page that explorer_scatter.py opens: a map of made-up points, and what is timed on it. */

import { createScatter, type Scatter, type ScatterOptions, type Theme } from "../web/src/scatter";

const LIGHT: Theme = {
  paper: "#fcfbf8", ink: "#1b2130", muted: "#5d6577", rule: "#d8dbe2", model: "#2a55d0", second: "#b45309",
};
const DARK: Theme = {
  paper: "#12151b", ink: "#e8eaf0", muted: "#a3abbb", rule: "#363d4b", model: "#8fadff", second: "#f0a35e",
};
const RATE = 60;

/** Mulberry32: the same points each time. */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Ten bent clusters of unlike size on a thin ground. */
export function clusters(n: number, seed = 3): { positions: Float32Array; labels: Float32Array } {
  const lot = lots(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - lot())) * Math.cos(2 * Math.PI * lot());
  const positions = new Float32Array(2 * n);
  const labels = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const label = Math.floor(lot() * 10);
    const turn = label * 2.39996;
    const reach = 3 + 1.7 * Math.sqrt(label);
    const along = normal() * (1 + 0.12 * label);
    const across = normal() * 0.45 + 0.3 * along * along;
    const ground = lot() < 0.04;
    const x = ground ? normal() * 5 : reach * Math.cos(turn) + along * Math.cos(turn + 1) - across * Math.sin(turn + 1);
    const y = ground ? normal() * 5 : reach * Math.sin(turn) + along * Math.sin(turn + 1) + across * Math.cos(turn + 1);
    positions[2 * i] = x;
    positions[2 * i + 1] = y;
    labels[i] = lot() < 0.01 ? -1 : label;
  }
  return { positions, labels };
}

const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function open(options: Partial<ScatterOptions> = {}, dark = false): Scatter {
  const host = document.querySelector<HTMLElement>("#map");
  if (host === null) throw new Error("no element for the map");
  const theme = dark ? DARK : LIGHT;
  document.body.style.background = theme.paper;
  return createScatter(host, { theme, label: "Made-up points", ...options });
}

/** Milliseconds from the page's first byte until the points are on the screen, and what follows. */
async function measure(n: number, painter: "auto" | "webgl" | "splat", url: string) {
  const scatter = open({ painter });
  const buffer = await (await fetch(url)).arrayBuffer();
  const positions = new Float32Array(buffer, 0, 2 * n);
  const labels = new Float32Array(buffer, 8 * n, n);
  const fetched = performance.now();
  scatter.setPoints({ positions });
  scatter.setColours(labels, { kind: "category" });
  await frame();
  await frame();
  read();
  const drawn = performance.now();
  const entry = performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming;
  const still = await full(scatter);
  const moving = await panning(scatter);
  const picks: number[] = [];
  const lot = lots(5);
  for (let i = 0; i < 400; i++) {
    scatter.pick(lot() * innerWidth, lot() * innerHeight, 14);
    picks.push(scatter.stats().pickMs);
  }
  const slowest = Math.max(...picks);
  const stats = scatter.stats();
  const result = {
    painter: stats.painter, renderer: stats.renderer, n,
    first_ms: drawn - entry.responseStart, own_ms: drawn - fetched, grid_ms: stats.gridMs,
    full_ms: still, pan_ms: moving, stride: stats.stride,
    pick_ms: median(picks), pick_most_ms: slowest, lasso_ms: lasso(scatter),
  };
  scatter.destroy();
  return result;
}

/** Waits until the canvas is drawn in truth and not only asked for. */
function read(): void {
  const canvas = document.querySelector("canvas");
  canvas?.getContext("2d")?.getImageData(0, 0, 1, 1);
}

/** Frames with all points, the view at rest between them. */
async function full(scatter: Scatter): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    await new Promise((done) => setTimeout(done, 200));
    const { x, y } = scatter.view;
    const start = performance.now();
    scatter.setView({ x, y, k: 1 + 0.01 * i }, { quiet: true });
    await frame();
    read();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Time between frames while the map is dragged by steps. */
async function panning(scatter: Scatter): Promise<number> {
  const times: number[] = [];
  const { x, y } = scatter.view;
  let last = await frame();
  for (let i = 0; i < RATE; i++) {
    scatter.setView({ x: x + 0.4 * Math.sin(i / 8), y: y + 0.4 * Math.cos(i / 8), k: 1.2 });
    const now = await frame();
    read();
    if (i > 5) times.push(now - last);
    last = now;
  }
  scatter.fit({ animate: 0 });
  await new Promise((done) => setTimeout(done, 400));
  return median(times);
}

function lasso(scatter: Scatter): number {
  const [x0, y0, x1, y1] = scatter.sight;
  const polygon: number[] = [];
  for (let i = 0; i < 240; i++) {
    const turn = (i / 240) * 2 * Math.PI;
    const reach = 0.33 + 0.06 * Math.sin(9 * turn);
    polygon.push((x0 + x1) / 2 + reach * (x1 - x0) * Math.cos(turn), (y0 + y1) / 2 + reach * (y1 - y0) * Math.sin(turn));
  }
  const times = Array.from({ length: 9 }, () => {
    scatter.within({ polygon });
    return scatter.stats().lassoMs;
  });
  return median(times);
}

interface Seen {
  readonly image: ImageData;
  readonly ratio: number;
}

function seen(scatter: Scatter): Seen {
  const canvas = scatter.picture();
  const image = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
  if (image === undefined) throw new Error("no picture");
  return { image, ratio: canvas.width / innerWidth };
}

/** Mean difference from the paper (red, green, blue) of a square of `half` px round a place. */
function tint({ image, ratio }: Seen, px: number, py: number, half: number): [number, number, number] {
  const paper = [252, 251, 248];
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.round((py - half) * ratio); y <= (py + half) * ratio; y++) {
    for (let x = Math.round((px - half) * ratio); x <= (px + half) * ratio; x++) {
      for (let c = 0; c < 3; c++) {
        sum[c] = (sum[c] ?? 0) + (image.data[4 * (y * image.width + x) + c] ?? 0) - (paper[c] ?? 0);
      }
      count += 1;
    }
  }
  return sum.map((v) => v / count) as [number, number, number];
}

const rest = () => new Promise((done) => setTimeout(done, 900));

/** A red cluster at (1, 2) and a blue one at (−3, −1), alike in size, and nothing between. */
function planted(n: number) {
  const lot = lots(n);
  const positions = new Float32Array(2 * n);
  const labels = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const red = i % 2 === 1;
    const [turn, reach] = [2 * Math.PI * lot(), 0.25 * Math.sqrt(lot())];
    positions[2 * i] = (red ? 1 : -3) + reach * Math.cos(turn);
    positions[2 * i + 1] = (red ? 2 : -1) + reach * Math.sin(turn);
    labels[i] = red ? 1 : 5;
  }
  return { positions, labels };
}

async function check(painter: "webgl" | "splat", n: number) {
  const scatter = open({ painter, still: true });
  const { positions, labels } = planted(n);
  scatter.setPoints({ positions });
  scatter.setColours(labels, { kind: "category" });
  await rest();
  const picture = seen(scatter);
  const [red, blue, empty] = [
    tint(picture, ...scatter.toScreen(1, 2), 12),
    tint(picture, ...scatter.toScreen(-3, -1), 12),
    tint(picture, ...scatter.toScreen(-1, 0.5), 12),
  ];
  const which = n - 1;
  const [px, py] = scatter.toScreen(positions[2 * which] ?? 0, positions[2 * which + 1] ?? 0);
  scatter.zoomTo({ indices: [which] }, { animate: 0 });
  await rest();
  const near = seen(scatter);
  const [zx, zy] = scatter.toScreen(positions[2 * which] ?? 0, positions[2 * which + 1] ?? 0);
  const found = {
    painter: scatter.stats().painter === painter,
    red: red[1] < red[0] - 5 && red[2] < red[0] - 5,
    blue: blue[0] < blue[2] - 5 && blue[1] < blue[2] - 5,
    empty: empty.every((v) => Math.abs(v) < 0.5),
    picked: scatter.pick(zx, zy, 4) === which,
    none: scatter.pick(5, 5, 1) === null,
    middle: Math.abs(zx - innerWidth / 2) < 1 && Math.abs(zy - innerHeight / 2) < 1,
    dot: tint(near, zx, zy, 1)[1] < -60,
    moved: Math.hypot(zx - px, zy - py) > 1,
    lasso: scatter.within({ box: [0, 1, 2, 3] }).length === n / 2,
  };
  scatter.setFilter(Uint8Array.from(labels, (v) => (v === 1 ? 0 : 1)));
  scatter.fit({ animate: 0 });
  await rest();
  const hidden = tint(seen(scatter), ...scatter.toScreen(1, 2), 12).every((v) => Math.abs(v) < 0.5);
  const unpicked = scatter.pick(...scatter.toScreen(1, 2), 20) === null;
  scatter.destroy();
  return { ...found, hidden, unpicked };
}

/** The context is taken away and given back: the map is drawn by the other painter meanwhile. */
async function checkLoss() {
  const native = HTMLCanvasElement.prototype.getContext;
  const held: { gl: WebGL2RenderingContext | null } = { gl: null };
  HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...words: unknown[]) {
    const context = (native as (...w: unknown[]) => unknown).apply(this, words);
    if (words[0] === "webgl2") held.gl = context as WebGL2RenderingContext;
    return context;
  } as typeof native;
  const scatter = open({ painter: "webgl", still: true });
  HTMLCanvasElement.prototype.getContext = native;
  const { positions, labels } = planted(4000);
  scatter.setPoints({ positions });
  scatter.setColours(labels, { kind: "category" });
  await rest();
  const drawn = () => tint(seen(scatter), ...scatter.toScreen(1, 2), 12)[1] < -20;
  const before = drawn() && scatter.stats().painter === "webgl";
  const loss = held.gl?.getExtension("WEBGL_lose_context");
  loss?.loseContext();
  await rest();
  const during = drawn() && scatter.stats().painter === "splat";
  loss?.restoreContext();
  await rest();
  scatter.setView({ x: 0, y: 1, k: 1.5 });
  await rest();
  const after = drawn() && scatter.stats().painter === "webgl";
  scatter.destroy();
  const again = open({ painter: "webgl", still: true });
  again.setPoints({ positions });
  await rest();
  const reopened = again.stats().painter === "webgl";
  again.destroy();
  return { before, during, after, reopened };
}

Object.assign(globalThis, {
  bench: { open, clusters, measure, check, checkLoss, frame, createScatter, LIGHT, DARK },
});
