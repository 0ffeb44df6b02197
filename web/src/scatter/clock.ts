/** Frames asked for once however often, movements in time, and when all has come to rest. */

interface Movement {
  readonly start: number;
  readonly ms: number;
  readonly step: (part: number) => void;
}

const REST_AFTER = 140;

export class Clock {
  private frame = 0;
  private rest = 0;
  private readonly movements = new Map<string, Movement>();

  constructor(
    private readonly draw: (now: number) => void,
    private readonly rested: () => void,
    /** Movements jump to their end. */
    readonly still: boolean,
  ) {}

  get moving(): boolean {
    return this.movements.size > 0 || this.rest !== 0;
  }

  request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.turn(now));
  }

  /** Says that the view is being moved; `rested` is called when it no longer is. */
  stir(): void {
    if (this.rest !== 0) clearTimeout(this.rest);
    this.rest = window.setTimeout(() => {
      this.rest = 0;
      this.rested();
    }, REST_AFTER);
    this.request();
  }

  /** Calls `step` with 0 to 1 over some time, eased; a later movement of the same name replaces it. */
  move(name: string, ms: number, step: (part: number) => void): void {
    this.movements.delete(name);
    if (this.still || ms <= 0) step(1);
    else this.movements.set(name, { start: performance.now(), ms, step });
    this.request();
  }

  halt(name: string): void {
    this.movements.delete(name);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
    this.movements.clear();
    this.frame = -1;
  }

  private turn(now: number): void {
    this.frame = 0;
    for (const [name, { start, ms, step }] of [...this.movements]) {
      const part = Math.min(1, Math.max(0, (now - start) / ms));
      if (part === 1) this.movements.delete(name);
      step(part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2);
    }
    this.draw(now);
    if (this.movements.size > 0) this.stir();
  }
}
