/**
 * The painter of machines without a graphics card: points are added up in arrays and put on a
 * canvas as images. Density at CSS pixels, dots at device pixels.
 */

import { rgb } from "../look/tokens";
import { develop, type Sums } from "./develop";
import type { Ink } from "./ink";
import type { Cloud, Painter, Scene } from "./painter";
import { PHASES, type Stamp, stampOf } from "./stamps";

/** Linear light of a byte. */
const LINEAR = Float32Array.from({ length: 256 }, (_, i) => {
  const v = i / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});
interface Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly image: ImageData;
}

export class SplatPainter implements Painter {
  readonly kind = "splat";
  readonly renderer = "Canvas2D";
  private cloud: Cloud = { n: 0, from: new Float32Array(0), to: new Float32Array(0) };
  private ink: Ink = { colours: new Uint32Array(0), shapes: new Uint8Array(0), fading: false };
  private sums: Float32Array = new Float32Array(0);
  private density: Sheet | null = null;
  private dots: Sheet | null = null;
  private bytes: Uint8Array = new Uint8Array(0);

  setCloud(cloud: Cloud): void {
    this.cloud = cloud;
  }

  setInk(ink: Ink): void {
    this.ink = ink;
    this.bytes = new Uint8Array(ink.colours.buffer);
  }

  paint(scene: Scene, target: CanvasRenderingContext2D): void {
    const { camera, detail, ratio, opacity } = scene;
    const [width, height] = [Math.ceil(camera.width), Math.ceil(camera.height)];
    if (width < 1 || height < 1) return;
    if (detail.density > 0) {
      this.density = sheet(this.density, width, height);
      const sums = this.addUp(scene, width, height);
      develop(sums, detail.full, new Uint32Array(this.density.image.data.buffer));
      this.density.context.putImageData(this.density.image, 0, 0);
      target.globalAlpha = opacity * detail.density;
      target.drawImage(this.density.canvas, 0, 0, width * ratio, height * ratio);
    }
    if (detail.dots > 0) {
      this.dots = sheet(this.dots, Math.ceil(width * ratio), Math.ceil(height * ratio));
      this.stamp(scene, this.dots.image);
      this.dots.context.putImageData(this.dots.image, 0, 0);
      target.globalAlpha = opacity * detail.dots;
      target.drawImage(this.dots.canvas, 0, 0);
    }
    target.globalAlpha = 1;
  }

  release(): void {
    this.density = null;
    this.dots = null;
    this.sums = new Float32Array(0);
  }

  /** Red, green, blue (linear light) and number of the points in each pixel. */
  private addUp(scene: Scene, width: number, height: number): Sums {
    if (this.sums.length !== 4 * width * height) this.sums = new Float32Array(4 * width * height);
    else this.sums.fill(0);
    const { sums, bytes } = this;
    const touched = new Uint8Array(height);
    const { runs, stride, mix, camera } = scene;
    const { from, to } = this.cloud;
    const { px, py } = camera;
    const left = camera.width / 2 - camera.ex * px;
    const top = camera.height / 2 + camera.ey * py;
    const still = mix >= 1 || from === to;
    const weight = stride / 255;
    for (let r = 0; r < runs.length; r += 2) {
      const end = runs[r + 1] as number;
      for (let slot = runs[r] as number; slot < end; slot += stride) {
        let ux = to[2 * slot] as number;
        let uy = to[2 * slot + 1] as number;
        if (!still) {
          ux = ux * mix + (from[2 * slot] as number) * (1 - mix);
          uy = uy * mix + (from[2 * slot + 1] as number) * (1 - mix);
        }
        const x = left + ux * px;
        const y = top - uy * py;
        if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
        touched[y | 0] = 1;
        const at = ((y | 0) * width + (x | 0)) << 2;
        const byte = slot << 2;
        const w = (bytes[byte + 3] as number) * weight;
        sums[at] = (sums[at] as number) + w * (LINEAR[bytes[byte] as number] as number);
        sums[at + 1] = (sums[at + 1] as number) + w * (LINEAR[bytes[byte + 1] as number] as number);
        sums[at + 2] = (sums[at + 2] as number) + w * (LINEAR[bytes[byte + 2] as number] as number);
        sums[at + 3] = (sums[at + 3] as number) + w;
      }
    }
    return { width, height, values: sums, touched };
  }

  private stamp(scene: Scene, image: ImageData): void {
    const { ratio, detail, theme } = scene;
    image.data.fill(0);
    const radius = detail.radius * ratio;
    const rim = scene.rim * ratio;
    const stamps = Array.from({ length: 7 }, (_, shape) => stampOf(shape, radius, rim));
    const paper = rgb(theme.paper);
    if (this.ink.fading) this.stampRuns(scene, image, stamps, paper, [1, 254]);
    this.stampRuns(scene, image, stamps, paper, [255, 255]);
    straighten(image.data);
  }

  /** Stamps the points whose strength lies between two bounds, one over the other. */
  private stampRuns(
    scene: Scene,
    image: ImageData,
    stamps: readonly Stamp[],
    paper: readonly [number, number, number],
    [least, most]: readonly [number, number],
  ): void {
    const { runs, stride, mix, camera, ratio } = scene;
    const { from, to } = this.cloud;
    const { bytes } = this;
    const shapes = this.ink.shapes;
    const [px, py] = [camera.px * ratio, camera.py * ratio];
    const left = (camera.width / 2) * ratio - camera.ex * px;
    const top = (camera.height / 2) * ratio + camera.ey * py;
    for (let r = 0; r < runs.length; r += 2) {
      const end = runs[r + 1] as number;
      for (let slot = runs[r] as number; slot < end; slot += stride) {
        const power = bytes[4 * slot + 3] as number;
        if (power < least || power > most) continue;
        const ux = (to[2 * slot] as number) * mix + (from[2 * slot] as number) * (1 - mix);
        const uy = (to[2 * slot + 1] as number) * mix + (from[2 * slot + 1] as number) * (1 - mix);
        const stamp = stamps[shapes[slot] as number] as Stamp;
        press(image, stamp, left + ux * px, top - uy * py, bytes, 4 * slot, paper);
      }
    }
  }
}

/** One dot over what is there; the image holds colours times their alpha meanwhile. */
function press(
  image: ImageData,
  stamp: Stamp,
  x: number,
  y: number,
  ink: Uint8Array,
  at: number,
  paper: readonly [number, number, number],
): void {
  const { data, width, height } = image;
  const { side, cover, fill } = stamp;
  const reach = side >> 1;
  const [cx, cy] = [Math.floor(x), Math.floor(y)];
  if (!(cx >= -reach && cx < width + reach && cy >= -reach && cy < height + reach)) return;
  const phase = ((y - cy) * PHASES) | 0;
  const first = (phase * PHASES + (((x - cx) * PHASES) | 0)) * side * side;
  const [red, green, blue] = [ink[at], ink[at + 1], ink[at + 2]] as [number, number, number];
  const power = (ink[at + 3] as number) / 65025;
  const [paperR, paperG, paperB] = paper;
  const rowFrom = Math.max(0, reach - cy);
  const rowTo = Math.min(side, height + reach - cy);
  const columnFrom = Math.max(0, reach - cx);
  const columnTo = Math.min(side, width + reach - cx);
  for (let row = rowFrom; row < rowTo; row++) {
    let from = first + row * side + columnFrom;
    let to = 4 * ((cy - reach + row) * width + cx - reach + columnFrom);
    for (let column = columnFrom; column < columnTo; column++, from++, to += 4) {
      const covered = cover[from] as number;
      if (covered === 0) continue;
      const alpha = covered * power;
      const inner = (fill[from] as number) / 255;
      const rest = 1 - alpha;
      data[to] = alpha * (paperR + (red - paperR) * inner) + rest * (data[to] as number);
      data[to + 1] = alpha * (paperG + (green - paperG) * inner) + rest * (data[to + 1] as number);
      data[to + 2] = alpha * (paperB + (blue - paperB) * inner) + rest * (data[to + 2] as number);
      data[to + 3] = 255 * alpha + rest * (data[to + 3] as number);
    }
  }
}

/** From colours times alpha to colours. */
function straighten(data: Uint8ClampedArray): void {
  for (let i = 3; i < data.length; i += 4) {
    const alpha = data[i] as number;
    if (alpha === 0 || alpha === 255) continue;
    const per = 255 / alpha;
    data[i - 3] = (data[i - 3] as number) * per;
    data[i - 2] = (data[i - 2] as number) * per;
    data[i - 1] = (data[i - 1] as number) * per;
  }
}

function sheet(old: Sheet | null, width: number, height: number): Sheet {
  if (old !== null && old.canvas.width === width && old.canvas.height === height) return old;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser has no 2D canvas");
  return { canvas, context, image: context.createImageData(width, height) };
}
