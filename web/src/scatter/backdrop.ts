/** A grid of images behind the points: what the decoder draws there. */

import { tileImage } from "./atlas";
import type { Background } from "./scatter";

export interface Backdrop {
  /** `screen` puts a place of the map on the screen. */
  draw(
    pen: CanvasRenderingContext2D,
    screen: (x: number, y: number) => [number, number],
    ratio: number,
  ): void;
}

export function backdropOf(background: Background): Backdrop {
  const { columns, rows, x, y, pixels, opacity } = background;
  const canvas = document.createElement("canvas");
  canvas.width = columns * pixels.width;
  canvas.height = rows * pixels.height;
  const context = canvas.getContext("2d");
  for (let i = 0; i < Math.min(columns * rows, pixels.n); i++) {
    const [left, top] = [(i % columns) * pixels.width, Math.floor(i / columns) * pixels.height];
    context?.putImageData(tileImage(pixels, i), left, top);
  }
  // From the middles of the outer tiles to their outer edges.
  const dx = columns > 1 ? (x[1] - x[0]) / (columns - 1) / 2 : 0.5;
  const dy = rows > 1 ? (y[1] - y[0]) / (rows - 1) / 2 : -0.5;
  return {
    draw(pen, screen, ratio) {
      const [left, top] = screen(x[0] - dx, y[0] - dy);
      const [right, bottom] = screen(x[1] + dx, y[1] + dy);
      pen.globalAlpha = opacity ?? 1;
      pen.imageSmoothingEnabled = (right - left) / columns < 4 * pixels.width;
      pen.imageSmoothingQuality = "medium";
      const [w, h] = [(right - left) * ratio, (bottom - top) * ratio];
      pen.drawImage(canvas, left * ratio, top * ratio, w, h);
      pen.globalAlpha = 1;
    },
  };
}
