/** Mulberry32: numbers in [0, 1), the same each time. */
export function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Points in the square from −1 to 1. */
export function drawn(n: number, seed: number): Float32Array {
  const lot = lots(seed);
  return Float32Array.from({ length: 2 * n }, () => 2 * lot() - 1);
}
