/** One question at a time, and of those that come meanwhile only the newest. */

import { aborted } from "./state";

export class Newest<Wish, Answer> {
  readonly #ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>;
  readonly #tell: (answer: Answer, wish: Wish) => void;
  readonly #fail: (reason: unknown, wish: Wish) => void;
  readonly #patience: number;
  #waiting: { wish: Wish } | null = null;
  #running: AbortController | null = null;

  /** A question that has run for `patience` ms gives way to a newer one. */
  constructor(told: {
    ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>;
    tell: (answer: Answer, wish: Wish) => void;
    fail?: (reason: unknown, wish: Wish) => void;
    patience?: number;
  }) {
    this.#ask = told.ask;
    this.#tell = told.tell;
    this.#fail = told.fail ?? (() => {});
    this.#patience = told.patience ?? 400;
  }

  ask(wish: Wish): void {
    this.#waiting = { wish };
    if (!this.#running) this.#next();
  }

  /** Forget what waits and abort what runs; nothing is told. */
  stop(): void {
    this.#waiting = null;
    const running = this.#running;
    this.#running = null;
    running?.abort();
  }

  async #next(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (!waiting) return;
    const control = new AbortController();
    this.#running = control;
    const timer = setInterval(() => {
      if (this.#waiting) control.abort();
    }, this.#patience);
    try {
      const answer = await this.#ask(waiting.wish, control.signal);
      if (this.#running === control) this.#tell(answer, waiting.wish);
    } catch (reason) {
      if (this.#running === control && !aborted(reason)) this.#fail(reason, waiting.wish);
    } finally {
      clearInterval(timer);
      if (this.#running === control) {
        this.#running = null;
        this.#next();
      }
    }
  }
}
