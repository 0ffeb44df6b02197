/** Which points show their picture: none over another, and those shown before stay. */

export interface Candidate {
  readonly index: number;
  readonly slot: number;
  readonly px: number;
  readonly py: number;
}

/** Greedy: who was shown before comes first, then in an order that does not change. */
export function layOut(
  candidates: readonly Candidate[],
  room: number,
  before: ReadonlySet<number>,
  most: number,
): Candidate[] {
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      rank: rankOf(candidate.index) - (before.has(candidate.index) ? 2 ** 32 : 0),
    }))
    .sort((a, b) => a.rank - b.rank);
  const taken = new Map<number, Candidate[]>();
  const kept: Candidate[] = [];
  for (const { candidate } of ranked) {
    if (kept.length >= most) break;
    const column = Math.floor(candidate.px / room);
    const row = Math.floor(candidate.py / room);
    if (isTaken(taken, column, row, candidate, room)) continue;
    const key = cell(column, row);
    const there = taken.get(key);
    if (there === undefined) taken.set(key, [candidate]);
    else there.push(candidate);
    kept.push(candidate);
  }
  return kept;
}

function isTaken(
  taken: ReadonlyMap<number, readonly Candidate[]>,
  column: number,
  row: number,
  { px, py }: Candidate,
  room: number,
): boolean {
  for (let r = row - 1; r <= row + 1; r++) {
    for (let c = column - 1; c <= column + 1; c++) {
      for (const other of taken.get(cell(c, r)) ?? []) {
        if (Math.abs(other.px - px) < room && Math.abs(other.py - py) < room) return true;
      }
    }
  }
  return false;
}

const cell = (column: number, row: number) => (column + 4096) * 65536 + row + 4096;

/** A fixed number below 2³² that looks drawn by lot (the finaliser of MurmurHash3). */
function rankOf(index: number): number {
  let h = index + 1;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
