/** Requests over a notebook's channel, against a kernel that is a few lines. */

import type { AnyModel } from "@anywidget/types";
import { describe, expect, test } from "vitest";
import { HttpSource } from "../../src/source/http";
import { pack } from "../../src/source/packet";
import { Refusal } from "../../src/source/source";
import { carried } from "../../src/source/widget";

interface Message {
  id: string;
  method?: string;
  path?: string;
  type?: string;
  abort?: boolean;
}
type Hear = (message: unknown, buffers: DataView[]) => void;

function kernel() {
  const heard: { message: Message; body: ArrayBuffer | undefined }[] = [];
  const listeners = new Set<Hear>();
  const model = {
    on: (_: string, listener: Hear) => listeners.add(listener),
    off: (_: string, listener: Hear) => listeners.delete(listener),
    send: (message: Message, _: unknown, buffers: ArrayBuffer[] = []) => {
      heard.push({ message, body: buffers[0] });
    },
  } as unknown as AnyModel;
  const answer = (id: string, status: number, type: string, body: ArrayBuffer) => {
    // As it comes over the wire: a view into something larger.
    const whole = new Uint8Array(body.byteLength + 5);
    whole.set(new Uint8Array(body), 5);
    const view = new DataView(whole.buffer, 5);
    for (const listener of listeners) listener({ id, status, type }, [view]);
  };
  return { model, heard, answer, listeners };
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).buffer;
const settled = () => new Promise((done) => setTimeout(done));

describe("requests over a channel", () => {
  test("are answered each by its own, in any order", async () => {
    const { model, heard, answer } = kernel();
    const source = new HttpSource(carried(model).transport);
    const [first, second] = [source.sample("0", 1), source.sample("0", 2)];
    await settled();
    expect(heard.map(({ message }) => message.path)).toEqual([
      "exhibits/0/samples/1",
      "exhibits/0/samples/2",
    ]);
    answer(heard[1]?.message.id ?? "", 200, "application/json", text({ row: 2 }));
    answer(heard[0]?.message.id ?? "", 200, "application/json", text({ row: 1 }));
    expect([(await first).row, (await second).row]).toEqual([1, 2]);
  });

  test("carry packets both ways", async () => {
    const { model, heard, answer } = kernel();
    const source = new HttpSource(carried(model).transport);
    const decoded = source.decode("0", Float32Array.of(1, 2));
    await settled();
    expect(heard[0]?.message.method).toBe("POST");
    expect(heard[0]?.message.type).toBe("application/vnd.latentscape.packet");
    expect(heard[0]?.body?.byteLength).toBeGreaterThan(8);
    const made = pack({ pixels: { shape: [1, 1, 2, 1], values: Uint8Array.of(7, 9) } });
    answer(heard[0]?.message.id ?? "", 200, "application/vnd.latentscape.packet", made.buffer);
    expect(Array.from((await decoded).bytes)).toEqual([7, 9]);
  });

  test("tell what was refused in its own words", async () => {
    const { model, heard, answer } = kernel();
    const asked = new HttpSource(carried(model).transport).sample("0", 9);
    await settled();
    const body = text({ error: "no such sample", hint: "there are 3" });
    answer(heard[0]?.message.id ?? "", 404, "application/json", body);
    await expect(asked).rejects.toThrow(Refusal);
    await expect(asked).rejects.toMatchObject({ message: "no such sample", hint: "there are 3" });
  });

  test("are given up when they are no longer wanted", async () => {
    const { model, heard, answer } = kernel();
    const control = new AbortController();
    const asked = new HttpSource(carried(model).transport).sample("0", 1, control.signal);
    await settled();
    const id = heard[0]?.message.id ?? "";
    control.abort();
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(heard[1]?.message).toEqual({ id, abort: true });
    answer(id, 200, "application/json", text({}));
  });

  test("of two views of one model have names of their own", async () => {
    const { model, heard, listeners } = kernel();
    const [one, other] = [carried(model), carried(model)];
    void one.transport("exhibition");
    void other.transport("exhibition");
    await settled();
    expect(new Set(heard.map(({ message }) => message.id)).size).toBe(2);
    one.close();
    other.close();
    expect(listeners.size).toBe(0);
  });
});
