/** The decoder, running in a worker of its own; the newest single latent goes before others. */

import { Refusal } from "../source";
import { type Archive, inflated } from "./archive";

/** Latents that go through together: what is asked meanwhile waits no longer than for these. */
const AT_ONCE = 16;

export interface ToWorker {
  readonly begin?: { readonly runtime: string; readonly decoder: string };
  readonly latents?: { readonly n: number; readonly values: Float32Array };
}

export interface FromWorker {
  readonly values?: Float32Array;
  readonly milliseconds?: number;
  readonly ready?: boolean;
  readonly error?: string;
}

interface Job {
  readonly n: number;
  readonly latents: Float32Array;
  readonly done: (values: Float32Array) => void;
  readonly failed: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

export class Decoder {
  readonly #archive: Archive;
  readonly #size: number;
  readonly #waiting: Job[] = [];
  #worker: Promise<Worker> | null = null;
  #running: Job | null = null;
  #fault: Refusal | null = null;
  /** Milliseconds an image, as it went lately; 0 before the first. */
  pace = 0;

  constructor(archive: Archive, size: number) {
    this.#archive = archive;
    this.#size = size;
  }

  /** Get ready before the first latent is asked for. */
  warm(): void {
    this.#started().catch(() => {});
  }

  /** `n · channels · height · width` in [0, 1] of `n · D` latents. */
  async decode(latents: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    const n = latents.length / this.#size;
    if (n <= AT_ONCE) return this.#ask(latents, n, signal);
    const parts: Float32Array[] = [];
    for (let from = 0; from < n; from += AT_ONCE) {
      const to = Math.min(n, from + AT_ONCE);
      const part = latents.subarray(from * this.#size, to * this.#size);
      parts.push(await this.#ask(part, to - from, signal));
    }
    const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #ask(latents: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array> {
    return new Promise((done, failed) => {
      if (signal?.aborted) return failed(aborted());
      const job: Job = { n, latents: latents.slice(), done, failed, signal };
      signal?.addEventListener("abort", () => {
        const place = this.#waiting.indexOf(job);
        if (place >= 0) this.#waiting.splice(place, 1);
        failed(aborted());
      });
      this.#waiting.push(job);
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    const single = this.#waiting.findLastIndex(({ n }) => n === 1);
    const [job] = this.#waiting.splice(Math.max(0, single), 1);
    if (!job) return;
    this.#running = job;
    try {
      const worker = await this.#started();
      const { n, latents } = job;
      const message: ToWorker = { latents: { n, values: latents } };
      worker.postMessage(message, [latents.buffer]);
    } catch (reason) {
      this.#running = null;
      job.failed(reason);
      void this.#next();
    }
  }

  #started(): Promise<Worker> {
    if (this.#fault) return Promise.reject(this.#fault);
    this.#worker ??= this.#start();
    return this.#worker;
  }

  async #start(): Promise<Worker> {
    const archive = this.#archive;
    const code = new Blob([await inflated(archive.text("worker"))], { type: "text/javascript" });
    const address = URL.createObjectURL(code);
    // A classic worker: modules are not to be had where a page was opened from the disk.
    const worker = new Worker(address);
    return new Promise((ready, failed) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.ready) {
          URL.revokeObjectURL(address);
          ready(worker);
        } else this.#answered(data, failed);
      };
      worker.onerror = (event) => this.#answered({ error: event.message }, failed);
      const begin = { runtime: archive.text("runtime"), decoder: archive.text("decoder") };
      worker.postMessage({ begin } satisfies ToWorker);
    });
  }

  #answered({ values, milliseconds = 0, error }: FromWorker, failed: (r: unknown) => void): void {
    const job = this.#running;
    if (values && job) {
      this.#running = null;
      this.pace = milliseconds / job.n;
      job.done(values);
    } else {
      const told = error || "this browser does not run it";
      const fault = new Refusal(`the decoder in this file failed: ${told}`, "try another browser");
      if (!job || this.pace === 0) this.#fault = fault;
      this.#running = null;
      failed(fault);
      job?.failed(fault);
    }
    void this.#next();
  }
}

function aborted(): DOMException {
  return new DOMException("no longer wanted", "AbortError");
}
