/** A classic worker that runs the decoder of an exported file: WebAssembly, one thread. */

import * as ort from "onnxruntime-web/wasm";
import { inflated } from "./source/offline/archive";
import type { FromWorker, ToWorker } from "./source/offline/decoder";

let session: ort.InferenceSession | null = null;

function tell(message: FromWorker, transfer: Transferable[] = []): void {
  (self as unknown as Worker).postMessage(message, transfer);
}

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  try {
    if (data.begin) await begin(data.begin);
    if (data.latents) await decode(data.latents);
  } catch (reason) {
    tell({ error: reason instanceof Error ? reason.message : String(reason) });
  }
};

async function begin({ runtime, decoder }: NonNullable<ToWorker["begin"]>): Promise<void> {
  ort.env.wasm.wasmBinary = await inflated(runtime);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  session = await ort.InferenceSession.create(new Uint8Array(await inflated(decoder)), {
    executionProviders: ["wasm"],
  });
  tell({ ready: true });
}

async function decode({ n, values }: NonNullable<ToWorker["latents"]>): Promise<void> {
  if (!session) throw new Error("it was not begun");
  const [name = "latents"] = session.inputNames;
  const [made = "images"] = session.outputNames;
  const port = session.inputMetadata[0];
  const shape = port?.isTensor ? port.shape.slice(1).map(Number) : [values.length / n];
  const started = performance.now();
  const answer = await session.run({ [name]: new ort.Tensor("float32", values, [n, ...shape]) });
  const images = (answer[made] as ort.Tensor).data.slice() as Float32Array<ArrayBuffer>;
  tell({ values: images, milliseconds: performance.now() - started }, [images.buffer]);
}
