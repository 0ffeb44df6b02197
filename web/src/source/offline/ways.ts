/** Ways between latents that need nothing but the latents: lines and arcs, through any samples. */

const FLAT = 1e-4;
const NOTHING = 1e-12;

/** Weights of the two ends at each of `n` steps. */
type Weights = (t: number) => readonly [number, number];

interface Ends {
  readonly first: Float32Array;
  readonly last: Float32Array;
  /** (D,) mean of the samples' latents. */
  readonly centre: Float32Array;
}

const straight: Weights = (t) => [1 - t, t];

/** Every way that this file can travel, by the program's names for them. */
const WAYS: Readonly<Record<string, (ends: Ends) => { weights: Weights; origin?: Float32Array }>> =
  {
    linear: () => ({ weights: straight }),
    eased: () => ({
      weights: (t) => {
        const share = (1 - Math.cos(Math.PI * t)) / 2;
        return [1 - share, share];
      },
    }),
    spherical: ({ first, last }) => ({ weights: arc(first, last) }),
    "spherical-centred": ({ first, last, centre }) => ({
      weights: arc(minus(first, centre), minus(last, centre)),
      origin: centre,
    }),
  };

export const WAY_NAMES: readonly string[] = Object.keys(WAYS);

/** Latents `steps · D` through the keys, and the frame at which each key stands. */
export function through(
  keys: readonly Float32Array[],
  method: string,
  nSteps: number,
  centre: Float32Array,
): { latents: Float32Array; stops: number[] } {
  const size = centre.length;
  const latents = new Float32Array(nSteps * size);
  const stops = keys.map((_, i) => toEven((i * (nSteps - 1)) / (keys.length - 1)));
  for (let leg = 0; leg + 1 < keys.length; leg++) {
    const ends = { first: keys[leg] as Float32Array, last: keys[leg + 1] as Float32Array, centre };
    const way = WAYS[method];
    if (!way) throw new Error(`there is no way called ${method}`);
    const { weights, origin } = way(ends);
    const from = stops[leg] as number;
    const steps = (stops[leg + 1] as number) - from;
    for (let step = 0; step <= steps; step++) {
      const at = latents.subarray((from + step) * size, (from + step + 1) * size);
      if (step === 0) at.set(ends.first);
      else if (step === steps) at.set(ends.last);
      else weigh(at, ends, weights(step / steps), origin);
    }
  }
  return { latents, stops };
}

function weigh(
  into: Float32Array,
  { first, last }: Ends,
  [u, v]: readonly [number, number],
  origin?: Float32Array,
): void {
  for (let j = 0; j < into.length; j++) {
    const o = origin?.[j] ?? 0;
    into[j] = o + u * ((first[j] as number) - o) + v * ((last[j] as number) - o);
  }
}

/** Equal angles on the great circle; the straight line where no one arc exists. */
function arc(first: ArrayLike<number>, last: ArrayLike<number>): Weights {
  const a = norm(first);
  const b = norm(last);
  let apart = 0;
  let along = 0;
  for (let j = 0; j < first.length; j++) {
    const p = (first[j] as number) / (a || 1);
    const q = (last[j] as number) / (b || 1);
    apart += (p - q) ** 2;
    along += (p + q) ** 2;
  }
  const angle = 2 * Math.atan2(Math.sqrt(apart), Math.sqrt(along));
  const zero = Math.min(a, b) <= NOTHING * Math.max(a, b);
  if (zero || Math.sin(angle) < FLAT || !Number.isFinite(angle)) return straight;
  const whole = Math.sin(angle);
  return (t) => [Math.sin((1 - t) * angle) / whole, Math.sin(t * angle) / whole];
}

function minus(a: Float32Array, b: Float32Array): Float64Array {
  return Float64Array.from(a, (value, j) => value - (b[j] as number));
}

function norm(row: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += (row[j] as number) ** 2;
  return Math.sqrt(sum);
}

/** Halves go to the even number, as NumPy has it. */
export function toEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** Length over chord of `steps · D` latents. */
export function latentRatio(latents: Float32Array, size: number): number {
  const steps = latents.length / size;
  const between = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < size; d++) {
      sum += ((latents[i * size + d] as number) - (latents[j * size + d] as number)) ** 2;
    }
    return Math.sqrt(sum);
  };
  let length = 0;
  for (let i = 1; i < steps; i++) length += between(i, i - 1);
  const chord = between(0, steps - 1);
  return chord > 0 ? Math.max(1, length / chord) : Number.NaN;
}
