/**
 * What an exported file carries: blocks of base64, each a gzipped packet or plain bytes, in data
 * elements of the document. Nothing is fetched.
 */

import type { Dials, Epochs, Exhibition, Measure } from "../../api/bodies";
import { type Packet, unpack } from "../packet";
import { Refusal } from "../source";

const MEND = "copy the file again, or export it anew";

/** Everything but pictures and networks; the program's `workflows/export/page.py` writes it. */
export interface Contents {
  readonly exhibition: Exhibition;
  readonly samples: {
    readonly ids: readonly string[];
    readonly groups: readonly string[];
    readonly splits: readonly string[];
  };
  readonly dials: Dials | null;
  readonly epochs: Epochs | null;
  /** Share of the variance on a linear map's plane, by map. */
  readonly explained: Readonly<Record<string, number>>;
  /** Tiles of the sheets of images, row by row; null where there are none. */
  readonly sheets: Sheets | null;
  /** Channels, height and width of what the decoder makes; null where there is none. */
  readonly decoded: readonly [number, number, number] | null;
  /** Unit, direction and bounds of the numbers worked out in the page. */
  readonly measures: Readonly<Record<string, Measure>>;
}

export interface Sheets {
  readonly n: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Tiles in a row, and on a sheet. */
  readonly columns: number;
  readonly tiles: number;
  readonly type: string;
}

export type Block = "contents" | "pictures" | "decoder" | "runtime" | "worker";

export class Archive {
  readonly #root: ParentNode;

  constructor(root: ParentNode = document) {
    this.#root = root;
  }

  has(block: Block): boolean {
    return this.#element(block) !== null;
  }

  /** The block as it stands in the file. */
  text(block: Block): string {
    const text = this.#element(block)?.textContent;
    if (!text || !this.#root.querySelector("#latentscape-end")) {
      throw new Refusal("this file is cut short", MEND);
    }
    return text;
  }

  async packet<Body>(block: Block): Promise<Packet<Body>> {
    const text = this.text(block);
    try {
      return unpack<Body>(await inflated(text));
    } catch {
      throw new Refusal("this file is damaged", MEND);
    }
  }

  #element(block: Block): Element | null {
    return this.#root.querySelector(`#latentscape-${block}`);
  }
}

/** Base64 of gzip to bytes. */
export async function inflated(text: string): Promise<ArrayBuffer> {
  const packed = new Blob([decoded(text)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
