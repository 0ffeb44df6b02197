/**
 * One WebGL context for all maps of a page: each draws into its corner and copies it to a canvas of
 * its own. A lost context is reported, and reported again when it is back.
 */

export interface Stage {
  readonly canvas: HTMLCanvasElement;
  readonly gl: WebGL2RenderingContext;
  readonly renderer: string;
  readonly lost: boolean;
  /** Makes room for a view of this many device pixels. */
  reserve(width: number, height: number): void;
  /** `listener` hears of loss and return. */
  enter(listener: (lost: boolean) => void): void;
  leave(listener: (lost: boolean) => void): void;
  /** Gives the context back, of which a browser has few, unless a map still draws in it. */
  close(): void;
}

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let shared: Stage | null = null;
let software = false;

/**
 * Null where there is no WebGL2 that can add up densities, and, unless it is wanted all the same,
 * where the processor plays the graphics card: that is slower than drawing without it.
 */
export function stage(evenSoftware: boolean): Stage | null {
  if (software && !evenSoftware) return null;
  shared ??= open();
  software = shared !== null && isSoftware(shared.renderer);
  if (!software || evenSoftware) return shared;
  shared?.close();
  return null;
}

export function isSoftware(renderer: string): boolean {
  return SOFTWARE.test(renderer);
}

function open(): Stage | null {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", {
    alpha: true,
    antialias: false,
    depth: false,
    premultipliedAlpha: true,
    powerPreference: "high-performance",
  });
  if (gl === null || !prepare(gl)) return null;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  const listeners = new Set<(lost: boolean) => void>();
  let lost = false;
  const tell = (now: boolean) => {
    lost = now;
    for (const listener of [...listeners]) listener(now);
  };
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    tell(true);
  });
  canvas.addEventListener("webglcontextrestored", () => {
    if (prepare(gl)) tell(false);
  });
  const opened: Stage = {
    canvas,
    gl,
    renderer,
    get lost() {
      return lost || gl.isContextLost();
    },
    reserve(width, height) {
      if (canvas.width < width) canvas.width = width;
      if (canvas.height < height) canvas.height = height;
    },
    enter: (listener) => listeners.add(listener),
    leave(listener) {
      listeners.delete(listener);
      opened.close();
    },
    close() {
      if (listeners.size > 0) return;
      gl.getExtension("WEBGL_lose_context")?.loseContext();
      if (shared === opened) shared = null;
    },
  };
  return opened;
}

/** Adding up needs half floats that can be drawn to. */
function prepare(gl: WebGL2RenderingContext): boolean {
  gl.getExtension("EXT_float_blend");
  return (
    gl.getExtension("EXT_color_buffer_float") !== null ||
    gl.getExtension("EXT_color_buffer_half_float") !== null
  );
}
