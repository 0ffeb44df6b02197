import { beforeEach, expect, test, vi } from "vitest";
import { HttpSource, type Transport } from "../src/source/http";
import { pack, unpack } from "../src/source/packet";
import { Refusal } from "../src/source/source";

const carry = vi.fn<Transport>();
const source = new HttpSource(carry);

const packet = (arrays: Parameters<typeof pack>[0], body: unknown = null) => {
  const bytes = pack(arrays);
  const header = JSON.stringify({ body, arrays: JSON.parse(headerOf(bytes)).arrays });
  const padded = header.padEnd(Math.ceil(new TextEncoder().encode(header).length / 8) * 8);
  const old = new DataView(bytes.buffer).getUint32(0, true);
  const whole = new Uint8Array(8 + padded.length + bytes.length - 8 - old);
  new DataView(whole.buffer).setUint32(0, padded.length, true);
  whole.set(new TextEncoder().encode(padded), 8);
  whole.set(bytes.subarray(8 + old), 8 + padded.length);
  return new Response(whole);
};

function headerOf(bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  return new TextDecoder().decode(bytes.subarray(8, 8 + length));
}

beforeEach(() => {
  carry.mockReset();
});

test("names are escaped, so that a column cannot lead elsewhere", async () => {
  carry.mockResolvedValue(packet({ values: { shape: [1], values: new Float32Array(1) } }));
  await source.column("0", "../../secret?x#y");
  expect(carry.mock.calls[0]?.[0]).toBe("exhibits/0/columns/..%2F..%2Fsecret%3Fx%23y");
});

test("latents travel in rows of the exhibit's size", async () => {
  carry.mockResolvedValueOnce(
    new Response(JSON.stringify({ exhibits: [{ key: "a", latent_shape: [4, 2, 1] }] })),
  );
  await source.exhibition();
  carry.mockResolvedValueOnce(
    packet({ pixels: { shape: [2, 3, 5, 1], values: new Uint8Array(30) } }),
  );
  const pixels = await source.decode("a", new Float32Array(16).fill(0.5));
  const body = carry.mock.calls[1]?.[1]?.body as Uint8Array<ArrayBuffer>;
  const sent = unpack(body.buffer);
  expect(sent.arrays.latents?.shape).toEqual([2, 8]);
  expect(pixels).toMatchObject({ n: 2, height: 3, width: 5, channels: 1 });
});

test("a look brings its body and its image", async () => {
  const look = { lifting: "exact", reliability: 1, nearest: 3, words: "é" };
  carry.mockResolvedValue(
    packet({ pixels: { shape: [1, 1, 2, 3], values: Uint8Array.from([1, 2, 3, 4, 5, 6]) } }, look),
  );
  const looked = await source.look("0", "pca", 1, 2);
  expect(looked.look).toEqual(look);
  expect([...looked.pixels.bytes]).toEqual([1, 2, 3, 4, 5, 6]);
  const { body } = carry.mock.calls[0]?.[1] ?? {};
  const sent = JSON.parse(String(body));
  expect(sent).toMatchObject({ map: "pca", x: 1, y: 2 });
  expect(sent.view).toMatch(/^[0-9a-z]{8,40}$/);
});

test("the program's own words come back as a refusal", async () => {
  const told = { error: "torch is missing", hint: "pip install torch" };
  carry.mockResolvedValue(new Response(JSON.stringify(told), { status: 409 }));
  await expect(source.dials("0")).rejects.toMatchObject({
    name: "Refusal",
    message: "torch is missing",
    hint: "pip install torch",
    status: 409,
  });
});

test.each([
  ["a page of another program", new Response("<html>", { status: 502 })],
  ["words of another kind", new Response(JSON.stringify({ error: 5 }), { status: 500 })],
])("%s is refused kindly", async (_, answer) => {
  carry.mockResolvedValue(answer);
  await expect(source.training("0")).rejects.toBeInstanceOf(Refusal);
});

test("a program that is gone is said to be gone", async () => {
  carry.mockImplementation(async () => {
    throw new TypeError("fetch failed");
  });
  await expect(source.exhibition()).rejects.toMatchObject({ message: /does not answer/ });
});

test("what was aborted stays aborted", async () => {
  carry.mockImplementation(async () => {
    throw new DOMException("stop", "AbortError");
  });
  await expect(source.look("0", "m", 0, 0)).rejects.toMatchObject({ name: "AbortError" });
});

test("a body that is not what was asked for is refused, not shown", async () => {
  carry.mockResolvedValue(packet({ values: { shape: [2], values: new Uint8Array(2) } }));
  await expect(source.column("0", "rate")).rejects.toThrow("no values");
});
