/** The two sheets of a map: points below, and above them what changes as the pointer moves. */

export interface Canvases {
  readonly base: CanvasRenderingContext2D;
  readonly over: CanvasRenderingContext2D;
  /** Device pixels a CSS pixel. */
  readonly ratio: number;
  remove(): void;
}

const MOST_RATIO = 2;

export function canvasesIn(
  host: HTMLElement,
  resized: (width: number, height: number) => void,
): Canvases {
  if (getComputedStyle(host).position === "static") host.style.position = "relative";
  const [base, over] = [sheet(host), sheet(host)];
  let ratio = 1;
  const resize = () => {
    const [width, height] = [host.clientWidth, host.clientHeight];
    ratio = Math.min(MOST_RATIO, window.devicePixelRatio || 1);
    for (const { canvas } of [base, over]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    resized(width, height);
  };
  const observer = new ResizeObserver(resize);
  observer.observe(host);
  // A move to another screen, or the page's zoom, changes the ratio and not the size.
  const stopWatching = onRatio(resize);
  resize();
  return {
    base,
    over,
    get ratio() {
      return ratio;
    },
    remove() {
      observer.disconnect();
      stopWatching();
      base.canvas.remove();
      over.canvas.remove();
    },
  };
}

function sheet(host: HTMLElement): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  Object.assign(canvas.style, {
    position: "absolute",
    inset: "0",
    width: "100%",
    height: "100%",
    display: "block",
    touchAction: "none",
  });
  host.append(canvas);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no 2D canvas");
  return context;
}

function onRatio(changed: () => void): () => void {
  let query: MediaQueryList | null = null;
  const heard = () => {
    changed();
    listen();
  };
  const listen = () => {
    query?.removeEventListener("change", heard);
    query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", heard);
  };
  listen();
  return () => query?.removeEventListener("change", heard);
}
