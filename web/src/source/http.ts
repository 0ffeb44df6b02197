/** The source behind HTTP, or behind anything that carries requests as `fetch` does. */

import type {
  Dials,
  Dropped,
  Epochs,
  Exhibition,
  Found,
  Look,
  MotionCard,
  SampleCard,
  SideBySide,
  Travel,
} from "../api/bodies";
import { type Packet, pack, unpack, values } from "./packet";
import {
  type Compared,
  type Directions,
  type FilmKind,
  type ImageKind,
  type Journey,
  type Landed,
  type Looked,
  type Manifold,
  type Middles,
  type Motion,
  type Pixels,
  type Points,
  Refusal,
  type Source,
  type Training,
  type Travelled,
} from "./source";

const MEDIA_TYPE = "application/vnd.latentscape.packet";
const FOUND_AT_ONCE = 24;
/** Of this page's pointer: a newer look takes the place of one that still waits. */
const VIEW = Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) =>
  part.toString(36),
).join("");

/** Carries a request for a path below `/api/` and brings the answer. */
export type Transport = (path: string, init?: RequestInit) => Promise<Response>;

/** The program that served this page. */
export const served: Transport = (path, init) =>
  fetch(new URL(`api/${path}`, document.baseURI), { credentials: "same-origin", ...init });

export class HttpSource implements Source {
  readonly #carry: Transport;
  readonly #sizes = new Map<string, number>();

  constructor(transport: Transport = served) {
    this.#carry = transport;
  }

  async exhibition(): Promise<Exhibition> {
    const exhibition = await this.#json<Exhibition>("exhibition");
    for (const { key, latent_shape } of exhibition.exhibits) {
      this.#sizes.set(
        key,
        latent_shape.reduce((a, b) => a * b, 1),
      );
    }
    return exhibition;
  }

  async column(key: string, name: string): Promise<Float32Array> {
    const packet = await this.#packet(at(key, "columns", name));
    return values(packet, "values", "float32");
  }

  async points(key: string, map: string): Promise<Points> {
    const packet = await this.#packet(at(key, "maps", map));
    return {
      positions: values(packet, "positions", "float32"),
      rows: values(packet, "rows", "uint32"),
    };
  }

  async images(
    key: string,
    rows: readonly number[],
    kind: ImageKind,
    side?: number,
    signal?: AbortSignal,
  ): Promise<Pixels> {
    const body = { rows, kind, side: side ?? null };
    return pixels(await this.#packet(at(key, "images"), posted(body, signal)));
  }

  sample(key: string, row: number, signal?: AbortSignal): Promise<SampleCard> {
    return this.#json(at(key, "samples", String(row)), withSignal(signal));
  }

  find(key: string, text: string, signal?: AbortSignal): Promise<Found> {
    const query = new URLSearchParams({ text, limit: String(FOUND_AT_ONCE) });
    return this.#json(`${at(key, "find")}?${query}`, withSignal(signal));
  }

  async look(
    key: string,
    map: string,
    x: number,
    y: number,
    signal?: AbortSignal,
  ): Promise<Looked> {
    const packet = await this.#packet<Look>(
      at(key, "look"),
      posted({ map, x, y, view: VIEW }, signal),
    );
    return { look: packet.body, pixels: pixels(packet) };
  }

  async decode(key: string, latents: Float32Array, signal?: AbortSignal): Promise<Pixels> {
    return pixels(await this.#packet(at(key, "decode"), this.#latents(key, latents, signal)));
  }

  async latents(key: string, rows: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    const packet = await this.#packet(at(key, "latents"), posted({ rows }, signal));
    return values(packet, "latents", "float32");
  }

  async place(
    key: string,
    map: string,
    latents: Float32Array,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const path = `${at(key, "place")}?${new URLSearchParams({ map })}`;
    const packet = await this.#packet(path, this.#latents(key, latents, signal));
    return values(packet, "positions", "float32");
  }

  async manifold(key: string, map: string, side: number, signal?: AbortSignal): Promise<Manifold> {
    const path = `${at(key, "manifold")}?${new URLSearchParams({ map, side: String(side) })}`;
    const packet = await this.#packet<Omit<Manifold, "pixels">>(path, withSignal(signal));
    return { ...packet.body, pixels: pixels(packet) };
  }

  async travel(key: string, journey: Journey, signal?: AbortSignal): Promise<Travelled> {
    const packet = await this.#packet<Travel>(at(key, "travel"), posted(body(journey), signal));
    return {
      travel: packet.body,
      frames: pixels(packet, "frames"),
      dissolve: pixels(packet, "dissolve"),
      originals: pixels(packet, "originals"),
    };
  }

  async film(key: string, journey: Journey, kind: FilmKind): Promise<Blob> {
    const answer = await this.#ask(`${at(key, "film")}?kind=${kind}`, posted(body(journey)));
    return answer.blob();
  }

  async dials(key: string): Promise<Directions> {
    const packet = await this.#packet<Dials>(at(key, "dials"));
    return {
      dials: packet.body,
      directions: values(packet, "directions", "float32"),
      centre: values(packet, "centre", "float32"),
    };
  }

  async drop(key: string, image: Blob, signal?: AbortSignal): Promise<Landed> {
    const headers = { "content-type": image.type || "application/octet-stream" };
    const init = { method: "POST", body: image, headers, ...withSignal(signal) };
    const packet = await this.#packet<Dropped>(at(key, "drop"), init);
    return {
      dropped: packet.body,
      latent: values(packet, "latent", "float32"),
      pixels: pixels(packet),
    };
  }

  async motion(key: string): Promise<Motion> {
    const packet = await this.#packet<MotionCard>(at(key, "motion"));
    return {
      card: packet.body,
      triplets: values(packet, "triplets", "uint32"),
      flow: values(packet, "flow", "float32"),
      displacement: values(packet, "displacement", "float32"),
      courses: values(packet, "courses", "uint32"),
      lengths: values(packet, "lengths", "uint32"),
    };
  }

  async middles(key: string, triplet: number, signal?: AbortSignal): Promise<Middles> {
    const packet = await this.#packet<Omit<Middles, "pixels">>(
      at(key, "motion", String(triplet)),
      withSignal(signal),
    );
    return { ...packet.body, pixels: pixels(packet) };
  }

  async training(key: string): Promise<Training> {
    const packet = await this.#packet<Epochs>(at(key, "training"));
    return {
      epochs: packet.body,
      positions: values(packet, "positions", "float32"),
      labels: values(packet, "labels", "int32"),
    };
  }

  async epoch(key: string, epoch: number): Promise<Blob> {
    return (await this.#ask(at(key, "training", String(epoch)))).blob();
  }

  async compare(keys: readonly string[], map: string): Promise<Compared> {
    const query = new URLSearchParams({ keys: keys.join(","), map });
    const packet = await this.#packet<SideBySide>(`comparison?${query}`);
    const sides = packet.body.sides.map(({ key }) => key);
    return {
      sides: packet.body,
      positions: Object.fromEntries(
        sides.map((key) => [key, values(packet, `positions-${key}`, "float32")]),
      ),
      rows: Object.fromEntries(sides.map((key) => [key, values(packet, `rows-${key}`, "uint32")])),
    };
  }

  #latents(key: string, latents: Float32Array, signal?: AbortSignal): RequestInit {
    const size = this.#sizes.get(key) ?? latents.length;
    const packet = pack({ latents: { shape: [latents.length / size, size], values: latents } });
    const headers = { "content-type": MEDIA_TYPE };
    return { method: "POST", body: packet, headers, ...withSignal(signal) };
  }

  async #ask(path: string, init?: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.#carry(path, init);
    } catch (reason) {
      if (reason instanceof Refusal || (reason as Error)?.name === "AbortError") throw reason;
      throw new Refusal("the program does not answer", "is `latentscape explore` still running?");
    }
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  async #json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await this.#ask(path, init)).json();
  }

  async #packet<Body = null>(path: string, init?: RequestInit): Promise<Packet<Body>> {
    const answer = await this.#ask(path, init);
    return unpack<Body>(await answer.arrayBuffer());
  }
}

function at(key: string, ...parts: string[]): string {
  return ["exhibits", key, ...parts].map(encodeURIComponent).join("/");
}

function withSignal(signal?: AbortSignal): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function posted(body: unknown, signal?: AbortSignal): RequestInit {
  const headers = { "content-type": "application/json" };
  return { method: "POST", body: JSON.stringify(body), headers, ...withSignal(signal) };
}

function body({ rows, method, nSteps }: Journey): unknown {
  return { rows, method, n_steps: nSteps };
}

function pixels(packet: Packet<unknown>, name = "pixels"): Pixels {
  const bytes = values(packet, name, "uint8");
  const [n = 0, height = 0, width = 0, channels = 1] = packet.arrays[name]?.shape ?? [];
  return { n, height, width, channels, bytes };
}

async function refusal(answer: Response): Promise<Refusal> {
  const told = await answer.json().catch(() => ({}));
  const text =
    typeof told?.error === "string" ? told.error : `the program answered ${answer.status}`;
  return new Refusal(text, typeof told?.hint === "string" ? told.hint : "", answer.status);
}
