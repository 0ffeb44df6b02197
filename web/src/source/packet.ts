/**
 * The one binary form of the wire: a JSON body and named arrays behind it.
 *
 * `u32 length of the header | u32 zero | header, UTF-8 JSON, padded with spaces | arrays`, little-endian.
 * The header is `{body, arrays: [{name, dtype, shape, offset}]}`; offsets count from the end of
 * the header, and header and arrays begin at multiples of eight bytes, so that arrays are views.
 */

const KINDS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
} as const;

type Kinds = typeof KINDS;
export type Dtype = keyof Kinds;
export type Values = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export interface Part {
  readonly shape: readonly number[];
  readonly values: Values;
}

export interface Packet<Body> {
  readonly body: Body;
  readonly arrays: Readonly<Record<string, Part>>;
}

interface Header<Body> {
  body: Body;
  arrays: { name: string; dtype: Dtype; shape: number[]; offset: number }[];
}

/** Read a packet; arrays are views into `buffer`. Throws where it is cut short or damaged. */
export function unpack<Body>(buffer: ArrayBuffer): Packet<Body> {
  if (buffer.byteLength < 4) throw new Error("the answer was cut short");
  const length = new DataView(buffer).getUint32(0, true);
  const start = 8 + length;
  if (start > buffer.byteLength) throw new Error("the answer was cut short");
  const text = new TextDecoder().decode(new Uint8Array(buffer, 8, length));
  const header = JSON.parse(text) as Header<Body>;
  const arrays: Record<string, Part> = {};
  for (const { name, dtype, shape, offset } of header.arrays) {
    const size = shape.reduce((a, b) => a * b, 1);
    const Kind = KINDS[dtype];
    if (start + offset + size * Kind.BYTES_PER_ELEMENT > buffer.byteLength) {
      throw new Error("the answer was cut short");
    }
    arrays[name] = { shape, values: new Kind(buffer, start + offset, size) };
  }
  return { body: header.body, arrays };
}

/** Values of an array that must be there, of the kind that is expected. */
export function values<D extends Dtype>(
  packet: Packet<unknown>,
  name: string,
  dtype: D,
): InstanceType<Kinds[D]> {
  const found = packet.arrays[name];
  if (!(found?.values instanceof KINDS[dtype])) throw new Error(`the answer has no ${name}`);
  return found.values as InstanceType<Kinds[D]>;
}

/** Arrays as a packet without a body: what is sent to the program. */
export function pack(arrays: Readonly<Record<string, Part>>): Uint8Array<ArrayBuffer> {
  const told: Header<null>["arrays"] = [];
  let offset = 0;
  for (const [name, { shape, values: part }] of Object.entries(arrays)) {
    const dtype = (Object.keys(KINDS) as Dtype[]).find((kind) => part instanceof KINDS[kind]);
    if (!dtype) throw new Error(`${name} has no place in a packet`);
    told.push({ name, dtype, shape: [...shape], offset });
    offset += padded(part.byteLength);
  }
  const header = new TextEncoder().encode(JSON.stringify({ body: null, arrays: told }));
  const start = 8 + padded(header.length);
  const packet = new Uint8Array(start + offset);
  new DataView(packet.buffer).setUint32(0, start - 8, true);
  packet.set(header, 8);
  packet.fill(0x20, 8 + header.length, start);
  told.forEach(({ name, offset: at }) => {
    const { buffer, byteOffset, byteLength } = (arrays[name] as Part).values;
    packet.set(new Uint8Array(buffer, byteOffset, byteLength), start + at);
  });
  return packet;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
