/** Requests carried over a notebook's own channel to the kernel: no port, no server. */

import type { AnyModel } from "@anywidget/types";
import type { Transport } from "./http";

/** What the kernel is asked; the body travels beside, as a buffer. */
interface Asked {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly type: string;
}

/** What it answers; the body travels beside. */
interface Answered {
  readonly id: string;
  readonly status: number;
  readonly type: string;
}

interface Waiting {
  readonly done: (answer: Response) => void;
  readonly signal: AbortSignal | null;
  readonly stop: () => void;
}

/** The transport over one widget model; `close` lets go of the model. */
export function carried(model: AnyModel): { transport: Transport; close: () => void } {
  const waiting = new Map<string, Waiting>();
  // A notebook may show one model in several places.
  const mine = Math.random().toString(36).slice(2, 10);
  let last = 0;

  function hear(message: Answered, buffers: DataView[]): void {
    const found = waiting.get(message?.id);
    if (!found) return;
    forget(message.id);
    const body = buffers[0]
      ? buffers[0].buffer.slice(
          buffers[0].byteOffset,
          buffers[0].byteOffset + buffers[0].byteLength,
        )
      : null;
    const headers = { "content-type": message.type };
    found.done(new Response(body as ArrayBuffer | null, { status: message.status, headers }));
  }

  function forget(id: string): void {
    const found = waiting.get(id);
    found?.signal?.removeEventListener("abort", found.stop);
    waiting.delete(id);
  }

  model.on("msg:custom", hear);

  const transport: Transport = async (path, init = {}) => {
    const id = `${mine}-${++last}`;
    const { signal = null, method = "GET" } = init;
    signal?.throwIfAborted();
    const type = new Headers(init.headers).get("content-type") ?? "";
    const body = init.body ? [await new Response(init.body).arrayBuffer()] : [];
    return new Promise<Response>((done, failed) => {
      const stop = () => {
        forget(id);
        model.send({ id, abort: true });
        failed(new DOMException("no longer wanted", "AbortError"));
      };
      if (signal?.aborted) return failed(new DOMException("no longer wanted", "AbortError"));
      signal?.addEventListener("abort", stop);
      waiting.set(id, { done, signal, stop });
      const asked: Asked = { id, method, path, type };
      model.send(asked, undefined, body);
    });
  };
  return { transport, close: () => model.off("msg:custom", hear) };
}
