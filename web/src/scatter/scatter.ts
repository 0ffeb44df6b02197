/**
 * What the page knows of the map's renderer. Points are named by their index into the positions
 * last given; places are in the map's own units, y upwards; `px` are CSS pixels from the top left.
 */

/** Colours that change with the suit, as `#rrggbb`; class colours and ramps do not change. */
export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly rule: string;
  readonly model: string;
  readonly second: string;
}

export interface Layout {
  /** x, y of each point; a point with NaN is not drawn. */
  readonly positions: Float32Array;
  /** Which sample each is: two layouts of the same samples flow into each other. */
  readonly rows?: Uint32Array;
  /** What the whole view holds; where absent, nearly all points, but not the farthest few. */
  readonly extent?: Extent;
}

/** Left, bottom, right, top. */
export type Extent = readonly [x0: number, y0: number, x1: number, y1: number];

export type Scale =
  | { readonly kind: "category" }
  | { readonly kind: "single"; readonly colour: string }
  | {
      readonly kind: "sequential" | "diverging" | "trust";
      /** Values at the ramp's first and last colour; beyond them the colour stays. */
      readonly domain: readonly [number, number];
    };

/** The middle of the view in the map's units, and how often larger than the whole. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

/** Images one after another, `n · height · width · channels` bytes; channels 1 or 3. */
export interface Tiles {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

export type ThumbnailProvider = (
  indices: readonly number[],
  side: number,
  signal: AbortSignal,
) => Promise<Tiles | readonly ImageBitmap[]>;

/** A grid of images; x and y of the middles of its first and last tile, from top left. */
export interface Background {
  readonly columns: number;
  readonly rows: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly pixels: Tiles;
  readonly opacity?: number;
}

export interface ArrowStyle {
  readonly colour?: string;
  /** A colour of each arrow instead of one for all. */
  readonly colours?: readonly string[];
  readonly width?: number;
  readonly opacity?: number;
  /** Length of the head in px; 0 is a plain line. */
  readonly head?: number;
}

export interface Path {
  /** x, y of each of its corners. */
  readonly points: ArrayLike<number>;
  readonly colour?: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  /** Dots at the corners, for the frames of a travel. */
  readonly dots?: boolean;
}

export interface Marker {
  readonly x: number;
  readonly y: number;
  /** `ring`: a picked sample; `cross`: where one points; `drop`: where an image landed. */
  readonly kind: "ring" | "cross" | "drop" | "dot";
  readonly colour?: string;
  readonly label?: string;
}

export interface Pointed {
  readonly index: number | null;
  readonly x: number;
  readonly y: number;
  readonly px: number;
  readonly py: number;
  readonly by: "mouse" | "touch" | "pen" | "keyboard";
  readonly shift: boolean;
  readonly meta: boolean;
}

export interface Lassoed {
  readonly indices: Uint32Array;
  readonly kind: "lasso" | "box";
  /** x, y of each of its corners. */
  readonly polygon: Float32Array;
  /** Whether to add to what is selected already. */
  readonly add: boolean;
}

export interface Events {
  /** Once a drawn frame while pointing; null when the pointer leaves. */
  hover: Pointed | null;
  click: Pointed;
  /** `moving` is false once, when the view has come to rest. */
  view: { readonly view: View; readonly moving: boolean; readonly byHand: boolean };
  select: Lassoed;
}

export type Tool = "pan" | "lasso" | "box";

export interface Stats {
  readonly painter: "webgl" | "splat";
  readonly renderer: string;
  readonly n: number;
  /** Points that the last frame drew, and the milliseconds that this and other work last took. */
  readonly drawn: number;
  readonly frameMs: number;
  readonly pickMs: number;
  readonly lassoMs: number;
  readonly gridMs: number;
  /** Every so manieth point was drawn when the view last moved. */
  readonly stride: number;
  readonly thumbnails: number;
}

export interface ScatterOptions {
  readonly theme: Theme;
  /** Read by screen readers: what the map shows, and how to move in it. */
  readonly label: string;
  readonly painter?: "auto" | "webgl" | "splat";
  /** `free` stretches x and y apart, for quantities that share no unit. */
  readonly aspect?: "equal" | "free";
  /** `focused`: the wheel scrolls the page until the map has been clicked, for notebooks. */
  readonly wheel?: "always" | "focused";
  /** Movement without animation; by default what the reader's system prefers. */
  readonly still?: boolean;
  /** Distance in px within which the pointer finds a point. */
  readonly reach?: number;
}

/** Pixels at each side that something else covers; what is fitted keeps clear of them. */
export interface Insets {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Scatter {
  setPoints(layout: Layout, options?: { animate?: number; view?: "fit" | "keep" }): void;
  /** NaN, or −1 of a category, is drawn as a grey ring. */
  setColours(values: ArrayLike<number> | null, scale: Scale): void;
  setTheme(theme: Theme): void;
  setLabel(label: string): void;
  setTool(tool: Tool): void;
  /** The others fade; null selects nothing and fades none. */
  setSelection(indices: ArrayLike<number> | null): void;
  setHighlight(index: number | null): void;
  /** Points whose value is 0 are neither drawn nor found. */
  setFilter(mask: Uint8Array | null): void;
  setThumbnails(provider: ThumbnailProvider | null): void;
  /** x0, y0, x1, y1 of each arrow. */
  setArrows(arrows: Float32Array | null, style?: ArrowStyle): void;
  setPaths(paths: readonly Path[]): void;
  setMarkers(markers: readonly Marker[]): void;
  setBackground(background: Background | null): void;
  readonly view: View;
  /** `quiet` tells no listener: for views that follow each other. */
  setView(view: View, options?: { animate?: number; quiet?: boolean }): void;
  zoomTo(target: Extent | { indices: ArrayLike<number> }, options?: { animate?: number }): void;
  zoomBy(factor: number, options?: { animate?: number }): void;
  fit(options?: { animate?: number }): void;
  /** Keeps what is fitted clear of what covers the sides, as long as room is left. */
  setInsets(insets: Insets): void;
  /** Left, bottom, right, top of what is in sight. */
  readonly sight: Extent;
  toData(px: number, py: number): [x: number, y: number];
  toScreen(x: number, y: number): [px: number, py: number];
  /** The nearest drawn point within `radius` px. */
  pick(px: number, py: number, radius?: number): number | null;
  /** Points inside a polygon (x, y of each corner) or a box. */
  within(area: { polygon: ArrayLike<number> } | { box: Extent }): Uint32Array;
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  /** What is drawn, as one canvas of its own. */
  picture(): HTMLCanvasElement;
  stats(): Stats;
  destroy(): void;
}
