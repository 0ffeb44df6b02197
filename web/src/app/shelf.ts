/** What was fetched once is kept here; wishes for single pictures are gathered into one request. */

import type { ImageKind, Pixels, Points, Source } from "../source/source";

const GATHER_MS = 12;
const AT_ONCE = 128;
const KEPT = 6000;

interface Wish {
  readonly row: number;
  readonly fulfil: (picture: Pixels) => void;
  readonly refuse: (reason: unknown) => void;
}

/** One image of several, without a copy. */
export function pictureOf(pixels: Pixels, index: number): Pixels {
  const size = pixels.height * pixels.width * pixels.channels;
  return { ...pixels, n: 1, bytes: pixels.bytes.subarray(index * size, (index + 1) * size) };
}

export class Shelf {
  readonly #source: Source;
  readonly #kept = new Map<string, Promise<unknown>>();
  readonly #pictures = new Map<string, Promise<Pixels>>();
  readonly #wishes = new Map<string, Wish[]>();

  constructor(source: Source) {
    this.#source = source;
  }

  column(key: string, name: string): Promise<Float32Array> {
    return this.keep(`column ${key} ${name}`, () => this.#source.column(key, name));
  }

  points(key: string, map: string): Promise<Points> {
    return this.keep(`points ${key} ${map}`, () => this.#source.points(key, map));
  }

  /** Ask once; an answer that failed may be asked for again. */
  keep<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(name);
    if (known) return known as Promise<T>;
    const asked = ask();
    this.#kept.set(name, asked);
    asked.catch(() => this.#kept.delete(name));
    return asked;
  }

  /** One sample's image, at most `side` pixels high and wide. */
  picture(key: string, row: number, kind: ImageKind, side: number): Promise<Pixels> {
    const batch = `${key} ${kind} ${side}`;
    const name = `${batch} ${row}`;
    const known = this.#pictures.get(name);
    if (known) return known;
    const wished = new Promise<Pixels>((fulfil, refuse) => {
      const wishes = this.#wishes.get(batch) ?? [];
      if (wishes.length === 0) {
        this.#wishes.set(batch, wishes);
        setTimeout(() => this.#ask(key, kind, side), GATHER_MS);
      }
      wishes.push({ row, fulfil, refuse });
    });
    this.#pictures.set(name, wished);
    wished.catch(() => this.#pictures.delete(name));
    if (this.#pictures.size > KEPT) {
      const [oldest] = this.#pictures.keys();
      if (oldest !== undefined) this.#pictures.delete(oldest);
    }
    return wished;
  }

  #ask(key: string, kind: ImageKind, side: number): void {
    const batch = `${key} ${kind} ${side}`;
    const wishes = this.#wishes.get(batch) ?? [];
    this.#wishes.delete(batch);
    for (let start = 0; start < wishes.length; start += AT_ONCE) {
      const part = wishes.slice(start, start + AT_ONCE);
      const rows = part.map((wish) => wish.row);
      this.#source.images(key, rows, kind, side).then(
        (pixels) => {
          part.forEach((wish, index) => {
            wish.fulfil(pictureOf(pixels, index));
          });
        },
        (reason) => {
          for (const wish of part) wish.refuse(reason);
        },
      );
    }
  }
}
