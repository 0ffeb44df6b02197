/** The source behind an exported file: everything is in the document, the decoder runs in the page. */

import type { ColumnCard, Exhibition, Found, MapCard, SampleCard, Travel } from "../api/bodies";
import { Archive, type Contents } from "./offline/archive";
import { Decoder } from "./offline/decoder";
import { found } from "./offline/finding";
import { type Ground, lift, nearestRows, place, spreadOf, wordsOf } from "./offline/lift";
import { gridOver } from "./offline/manifold";
import { shrunk, Tiles } from "./offline/sheets";
import { judged, type Trip } from "./offline/travel";
import { through } from "./offline/ways";
import { type Packet, values } from "./packet";
import {
  type Compared,
  type Directions,
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

const NEIGHBOURS = 8;
/** Milliseconds that a decoded grid may take; a slow decoder makes a coarser one. */
const PATIENCE = 6_000;
const FEWEST_TILES = 4;
const LIVE = "`latentscape explore` of the run itself can";

export class StaticSource implements Source {
  readonly #archive: Archive;
  readonly #contents: Promise<Packet<Contents>>;
  #tiles: Promise<Tiles> | null = null;
  #decoder: Decoder | null = null;
  readonly #grounds = new Map<string, Ground>();

  constructor(archive: Archive = new Archive()) {
    this.#archive = archive;
    this.#contents = new Promise((done) => done(archive.packet<Contents>("contents")));
    this.#contents.catch(() => {});
  }

  async exhibition(): Promise<Exhibition> {
    const { body } = await this.#contents;
    return body.exhibition;
  }

  /** Start the decoder before it is asked for; after the page has drawn itself. */
  async warm(): Promise<void> {
    if (this.#archive.has("decoder")) (await this.#live()).warm();
  }

  async column(_: string, name: string): Promise<Float32Array> {
    return values(await this.#contents, `column-${name}`, "float32");
  }

  async points(_: string, map: string): Promise<Points> {
    const packet = await this.#contents;
    return {
      positions: values(packet, `positions-${map}`, "float32"),
      rows: values(packet, `rows-${map}`, "uint32"),
    };
  }

  async images(
    key: string,
    rows: readonly number[],
    kind: ImageKind,
    side?: number,
    signal?: AbortSignal,
  ): Promise<Pixels> {
    if (kind === "reconstruction") {
      return shrunk(await this.decode(key, await this.latents(key, rows), signal), side);
    }
    return shrunk(await (await this.#pictures()).of(rows), side);
  }

  async sample(_: string, row: number): Promise<SampleCard> {
    const packet = await this.#contents;
    const { exhibition, samples } = packet.body;
    const columns = exhibition.exhibits[0]?.columns ?? [];
    const latents = values(packet, "latents", "float32");
    const size = latents.length / samples.ids.length;
    const own = latents.subarray(row * size, (row + 1) * size);
    const near = nearestRows(latents, own, size, NEIGHBOURS + 1);
    const others = Array.from(near.indices, (index, i) => [index, near.distances[i]] as const)
      .filter(([index]) => index !== row)
      .slice(0, NEIGHBOURS);
    return {
      row,
      sample_id: samples.ids[row] ?? "",
      label: values(packet, "labels", "int32")[row] ?? -1,
      group: samples.groups[row] ?? "",
      split: samples.splits[row] ?? "",
      numbers: columns.map((card) => number(packet, card, row)),
      neighbours: others.map(([index]) => index),
      distances: others.map(([, distance]) => distance as number),
    };
  }

  async find(_: string, text: string): Promise<Found> {
    const packet = await this.#contents;
    const { exhibition, samples } = packet.body;
    const classes = exhibition.exhibits[0]?.class_names ?? [];
    return found(text, { ...samples, classes, labels: values(packet, "labels", "int32") });
  }

  async look(
    key: string,
    map: string,
    x: number,
    y: number,
    signal?: AbortSignal,
  ): Promise<Looked> {
    const ground = await this.#ground(map);
    const { rows } = await this.points(key, map);
    const lifted = lift(ground, x, y);
    const pixels = await this.decode(key, lifted.latent, signal);
    const look = {
      lifting: ground.lifting,
      reliability: lifted.agreement * lifted.nearness,
      nearest: rows[lifted.nearest] ?? 0,
      words: wordsOf(ground.lifting, lifted),
    };
    return { look, pixels };
  }

  async decode(_: string, latents: Float32Array, signal?: AbortSignal): Promise<Pixels> {
    const decoder = await this.#live();
    return shown(await decoder.decode(latents, signal), await this.#decoded());
  }

  async latents(_: string, rows: readonly number[]): Promise<Float32Array> {
    const packet = await this.#contents;
    const all = values(packet, "latents", "float32");
    const size = all.length / packet.body.samples.ids.length;
    const chosen = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      chosen.set(all.subarray(row * size, (row + 1) * size), i * size);
    });
    return chosen;
  }

  async place(_: string, map: string, latents: Float32Array): Promise<Float32Array> {
    const ground = await this.#ground(map);
    const { size } = ground;
    const places = new Float32Array((2 * latents.length) / size);
    for (let i = 0; 2 * i < places.length; i++) {
      places.set(place(ground, latents.subarray(i * size, (i + 1) * size)), 2 * i);
    }
    return places;
  }

  async manifold(key: string, map: string, side: number, signal?: AbortSignal): Promise<Manifold> {
    const [ground, decoder] = [await this.#ground(map), await this.#live()];
    const [, height, width] = await this.#decoded();
    const middle = gridOver(ground.positions, 1, 1);
    if (!decoder.pace) await this.look(key, map, middle.x[0], middle.y[0], signal);
    const most = Math.floor(Math.sqrt(PATIENCE / Math.max(decoder.pace, 0.1)));
    const grid = gridOver(
      ground.positions,
      Math.max(FEWEST_TILES, Math.min(side, most)),
      height / width,
    );
    const latents = new Float32Array(grid.places.length * ground.size);
    grid.places.forEach(([x, y], i) => {
      latents.set(lift(ground, x, y).latent, i * ground.size);
    });
    const pixels = shrunk(await this.decode(key, latents, signal), Math.max(16, 1280 / side));
    const { columns, rows, x, y } = grid;
    return { columns, rows, x, y, pixels };
  }

  async travel(key: string, journey: Journey, signal?: AbortSignal): Promise<Travelled> {
    const packet = await this.#contents;
    const shape = await this.#decoded();
    const flat = await this.latents(key, journey.rows);
    const size = flat.length / journey.rows.length;
    const keys = journey.rows.map((_, i) => flat.slice(i * size, (i + 1) * size));
    const centre = values(packet, "way-centre", "float32");
    const way = through(keys, journey.method, journey.nSteps, centre);
    const made = await (await this.#live()).decode(way.latents.slice(), signal);
    const [channels, height, width] = shape;
    const film = { steps: journey.nSteps, channels, height, width, values: made };
    const trip: Trip = { film, stops: way.stops, latents: way.latents, size };
    const { body, dissolve } = judged(trip, packet.body.measures);
    const maps = packet.body.exhibition.exhibits[0]?.maps ?? [];
    const places: Travel["places"] = {};
    for (const { name, placing_words } of maps) {
      if (placing_words) places[name] = pairs(await this.place(key, name, way.latents));
    }
    const travel: Travel = {
      ...body,
      rows: [...journey.rows],
      method: journey.method,
      n_steps: journey.nSteps,
      key_steps: way.stops,
      places,
    };
    return {
      travel,
      frames: shown(made, shape),
      dissolve: shown(dissolve, shape),
      originals: packet.body.sheets
        ? await this.images(key, journey.rows, "original")
        : shown(await (await this.#live()).decode(flat, signal), shape),
    };
  }

  film(): Promise<Blob> {
    return refused("this file saves no films");
  }

  async dials(): Promise<Directions> {
    const packet = await this.#contents;
    if (!packet.body.dials) return refused("this file has no dials");
    return {
      dials: packet.body.dials,
      directions: values(packet, "directions", "float32"),
      centre: values(packet, "centre", "float32"),
    };
  }

  drop(): Promise<Landed> {
    return refused("this file carries no encoder");
  }

  motion(): Promise<Motion> {
    return refused("this file carries no motion");
  }

  middles(): Promise<Middles> {
    return refused("this file carries no motion");
  }

  async training(): Promise<Training> {
    const packet = await this.#contents;
    if (!packet.body.epochs) return refused("this file carries no training");
    return {
      epochs: packet.body.epochs,
      positions: values(packet, "epoch-positions", "float32"),
      labels: values(packet, "epoch-labels", "int32"),
    };
  }

  async epoch(_: string, epoch: number): Promise<Blob> {
    const picture = (await this.#contents).arrays[`epoch-${epoch}`];
    if (!picture) return refused(`this file has no picture of epoch ${epoch}`);
    return new Blob([picture.values as Uint8Array<ArrayBuffer>], { type: "image/png" });
  }

  compare(): Promise<Compared> {
    return refused("this file holds one run");
  }

  async #live(): Promise<Decoder> {
    const packet = await this.#contents;
    const ability = packet.body.exhibition.exhibits[0]?.abilities?.decode;
    if (!packet.body.decoded) {
      throw new Refusal(ability?.why || "this file carries no decoder", ability?.hint || LIVE);
    }
    const size = values(packet, "latents", "float32").length / packet.body.samples.ids.length;
    this.#decoder ??= new Decoder(this.#archive, size);
    return this.#decoder;
  }

  async #decoded(): Promise<readonly [number, number, number]> {
    return (await this.#contents).body.decoded ?? [1, 1, 1];
  }

  #pictures(): Promise<Tiles> {
    this.#tiles ??= (async () => {
      const { sheets } = (await this.#contents).body;
      if (!sheets) return refused("this file carries no images");
      return new Tiles(sheets, await this.#archive.packet("pictures"));
    })();
    return this.#tiles;
  }

  async #ground(map: string): Promise<Ground> {
    const known = this.#grounds.get(map);
    if (known) return known;
    const packet = await this.#contents;
    const card = packet.body.exhibition.exhibits[0]?.maps.find(({ name }) => name === map);
    if (!card) return refused(`there is no map ${map}`);
    const ground = await this.#grounded(card, packet);
    this.#grounds.set(map, ground);
    return ground;
  }

  async #grounded(card: MapCard, packet: Packet<Contents>): Promise<Ground> {
    const { positions, rows } = await this.points("0", card.name);
    const latents = await this.latents("0", Array.from(rows));
    const size = latents.length / rows.length;
    const ground = { lifting: card.lifting, positions, latents, size };
    if (card.lifting !== "inverse") return { ...ground, spread: spreadOf(latents, size) };
    const plane = {
      mean: values(packet, `mean-${card.name}`, "float64"),
      components: values(packet, `components-${card.name}`, "float64"),
      explained: packet.body.explained[card.name] ?? 0,
    };
    return { ...ground, plane, spread: 0 };
  }
}

function refused(why: string): Promise<never> {
  return Promise.reject(new Refusal(why, LIVE));
}

function number(packet: Packet<Contents>, card: ColumnCard, row: number) {
  const value = values(packet, `column-${card.name}`, "float32")[row] ?? Number.NaN;
  if (card.form === "number") {
    return { name: card.name, value: Number.isFinite(value) ? value : null, text: "" };
  }
  const text = card.categories[value];
  return { name: card.name, value: text === undefined ? null : value, text: text ?? "" };
}

function pairs(places: Float32Array): [number, number][] {
  return Array.from({ length: places.length / 2 }, (_, i) => [
    places[2 * i] as number,
    places[2 * i + 1] as number,
  ]);
}

/** Planes of floats in [0, 1] as bytes of 1 or 3 channels, side by side. */
function shown(
  made: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Pixels {
  const places = height * width;
  const n = made.length / (channels * places);
  const kept = channels >= 3 ? 3 : 1;
  const bytes = new Uint8Array(n * places * kept);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < kept; c++) {
      const from = (i * channels + c) * places;
      for (let p = 0; p < places; p++) {
        bytes[(i * places + p) * kept + c] = Math.round(255 * (made[from + p] as number));
      }
    }
  }
  return { n, height, width, channels: kept, bytes };
}
