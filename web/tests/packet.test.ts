import { expect, test } from "vitest";
import { pack, unpack, values } from "../src/source/packet";

const latents = Float32Array.from([1.5, -2, 3, 0.25, 7, 8]);

test("what is packed comes back, as views at multiples of eight", () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const packet = pack({
    näme: { shape: [3], values: bytes },
    latents: { shape: [3, 2], values: latents },
  });
  const back = unpack<null>(packet.buffer);
  expect(back.body).toBeNull();
  expect(back.arrays.latents?.shape).toEqual([3, 2]);
  expect(values(back, "latents", "float32")).toEqual(latents);
  expect(values(back, "näme", "uint8")).toEqual(bytes);
  expect((back.arrays.latents?.values.byteOffset ?? 1) % 8).toBe(0);
});

test("a part of a larger buffer is packed as that part", () => {
  const packet = pack({ part: { shape: [2], values: latents.subarray(1, 3) } });
  expect([...values(unpack(packet.buffer), "part", "float32")]).toEqual([-2, 3]);
});

test.each([0, 3, 7, 12, 40, -1])("a packet cut short at %i is refused", (end) => {
  const { buffer } = pack({ latents: { shape: [6], values: latents } });
  expect(() => unpack(buffer.slice(0, end))).toThrow();
});

test("an array of another kind is not taken", () => {
  const packet = unpack(pack({ latents: { shape: [6], values: latents } }).buffer);
  expect(() => values(packet, "latents", "uint8")).toThrow("no latents");
  expect(() => values(packet, "pixels", "uint8")).toThrow("no pixels");
});
