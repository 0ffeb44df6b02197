/**
 * Dots drawn once and for all: how much of each pixel a dot covers, and how much of that is fill
 * and not rim, for sixteen places within a pixel. The same distances as the shader's.
 */

export interface Stamp {
  /** Pixels each way; the dot's middle is in the middle one. */
  readonly side: number;
  /** Sixteen stamps one after another, 0 to 255 of each pixel. */
  readonly cover: Uint8Array;
  readonly fill: Uint8Array;
}

export const PHASES = 4;
const kept = new Map<string, Stamp>();

/** Radius and rim in device pixels. */
export function stampOf(shape: number, radius: number, rim: number): Stamp {
  const size = Math.max(0.25, Math.round(radius * 4) / 4);
  const edge = Math.round(rim * 4) / 4;
  const key = `${shape} ${size} ${edge}`;
  let stamp = kept.get(key);
  if (stamp === undefined) {
    if (kept.size > 400) kept.clear();
    stamp = draw(shape, size, edge);
    kept.set(key, stamp);
  }
  return stamp;
}

function draw(shape: number, radius: number, rim: number): Stamp {
  const reach = Math.ceil((shape === 0 ? 1 : 1.4) * radius + rim + 1);
  const side = 2 * reach + 1;
  const cover = new Uint8Array(side * side * PHASES * PHASES);
  const fill = new Uint8Array(cover.length);
  for (let phase = 0; phase < PHASES * PHASES; phase++) {
    const dx = ((phase % PHASES) + 0.5) / PHASES - 0.5;
    const dy = (Math.floor(phase / PHASES) + 0.5) / PHASES - 0.5;
    for (let i = 0; i < side * side; i++) {
      const x = (i % side) - reach - dx;
      const y = Math.floor(i / side) - reach - dy;
      const d = distance(shape, x, y, radius);
      const outer = clamp(rim + 0.5 - d);
      const inner = clamp(0.5 - d);
      const at = phase * side * side + i;
      cover[at] = Math.round(255 * outer);
      fill[at] = outer > 0 ? Math.round((255 * Math.min(inner, outer)) / outer) : 0;
    }
  }
  return { side, cover, fill };
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** Signed distance to the edge of a shape of about the area of a circle of this radius; y down. */
export function distance(shape: number, x: number, y: number, radius: number): number {
  const [ax, ay] = [Math.abs(x), Math.abs(y)];
  switch (shape) {
    case 1:
      return Math.max(ax, ay) - 0.89 * radius;
    case 2:
      return Math.max(0.866 * ax - 0.5 * y, y) - 0.68 * radius;
    case 3:
      return (ax + ay) * Math.SQRT1_2 - 0.89 * radius;
    case 4:
      return Math.max(0.866 * ax + 0.5 * y, -y) - 0.68 * radius;
    case 5:
      return Math.max(Math.min(ax, ay) - 0.36 * radius, Math.max(ax, ay) - 1.12 * radius);
    case 6:
      return Math.abs(Math.hypot(x, y) - 0.72 * radius) - 0.24 * radius;
    default:
      return Math.hypot(x, y) - radius;
  }
}
