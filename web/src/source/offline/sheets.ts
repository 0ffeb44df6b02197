/** Images of an exported file: tiles of a few large pictures, decoded when first asked for. */

import type { Packet, Part } from "../packet";
import type { Pixels } from "../source";
import type { Sheets } from "./archive";

export class Tiles {
  readonly #about: Sheets;
  readonly #sheets: readonly Blob[];
  readonly #drawn = new Map<number, Promise<Uint8Array>>();

  constructor(about: Sheets, { arrays }: Packet<unknown>) {
    this.#about = about;
    this.#sheets = Array.from({ length: Math.ceil(about.n / about.tiles) }, (_, i) => {
      const { values } = arrays[`sheet-${i}`] as Part;
      return new Blob([values as Uint8Array<ArrayBuffer>], { type: about.type });
    });
  }

  async of(rows: readonly number[]): Promise<Pixels> {
    const { width, height, channels, tiles } = this.#about;
    const size = width * height * channels;
    const bytes = new Uint8Array(rows.length * size);
    for (const [i, row] of rows.entries()) {
      const sheet = await this.#sheet(Math.floor(row / tiles));
      const at = (row % tiles) * size;
      bytes.set(sheet.subarray(at, at + size), i * size);
    }
    return { n: rows.length, height, width, channels, bytes };
  }

  /** All tiles of one sheet, one after another. */
  #sheet(index: number): Promise<Uint8Array> {
    let drawn = this.#drawn.get(index);
    if (!drawn) {
      drawn = this.#draw(index);
      this.#drawn.set(index, drawn);
    }
    return drawn;
  }

  async #draw(index: number): Promise<Uint8Array> {
    const { n, width, height, channels, columns, tiles } = this.#about;
    const picture = await createImageBitmap(this.#sheets[index] as Blob, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
    const canvas = new OffscreenCanvas(picture.width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("this browser draws no images");
    const here = Math.min(tiles, n - index * tiles);
    const bytes = new Uint8Array(here * width * height * channels);
    // A row of tiles at a time: a whole sheet would be held three times over.
    for (let first = 0; first < here; first += columns) {
      context.drawImage(picture, 0, -Math.floor(first / columns) * height);
      const { data } = context.getImageData(0, 0, picture.width, height);
      for (let tile = first; tile < Math.min(here, first + columns); tile++) {
        let to = tile * width * height * channels;
        for (let y = 0; y < height; y++) {
          let from = 4 * (y * picture.width + (tile - first) * width);
          for (let x = 0; x < width; x++, from += 4) {
            for (let c = 0; c < channels; c++) bytes[to++] = data[from + c] as number;
          }
        }
      }
    }
    picture.close();
    return bytes;
  }
}

/** Images at most `side` pixels high and wide; each new pixel is the mean of what it covers. */
export function shrunk(pixels: Pixels, side?: number): Pixels {
  const { n, height, width, channels, bytes } = pixels;
  if (!side || Math.max(height, width) <= side) return pixels;
  const scale = side / Math.max(height, width);
  const [tall, wide] = [height, width].map((size) => Math.max(1, Math.round(size * scale))) as [
    number,
    number,
  ];
  const down = shares(height, tall);
  const across = shares(width, wide);
  const small = new Uint8Array(n * tall * wide * channels);
  for (let i = 0; i < n; i++) {
    const from = i * height * width * channels;
    down.forEach((rows, y) => {
      across.forEach((columns, x) => {
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (const [row, high] of rows) {
            for (const [column, long] of columns) {
              sum += high * long * (bytes[from + (row * width + column) * channels + c] as number);
            }
          }
          small[((i * tall + y) * wide + x) * channels + c] = Math.round(sum);
        }
      });
    });
  }
  return { n, height: tall, width: wide, channels, bytes: small };
}

/** By new pixel, which old ones it covers, and how much of the mean each is. */
function shares(old: number, fresh: number): [number, number][][] {
  const ratio = old / fresh;
  return Array.from({ length: fresh }, (_, i) => {
    const [from, to] = [i * ratio, (i + 1) * ratio];
    const found: [number, number][] = [];
    for (let at = Math.floor(from); at < Math.min(old, Math.ceil(to - 1e-9)); at++) {
      found.push([at, (Math.min(to, at + 1) - Math.max(from, at)) / ratio]);
    }
    return found;
  });
}
