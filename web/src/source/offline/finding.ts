/** Samples by identity, class or group, in the program's own order of worth. */

import type { Found } from "../../api/bodies";

const SHOWN = 24;

interface Texts {
  readonly ids: readonly string[];
  readonly groups: readonly string[];
  readonly classes: readonly string[];
  readonly labels: Int32Array;
}

/** Those that are the text, then those that begin with it, then those that have it in them. */
export function found(text: string, { ids, groups, classes, labels }: Texts): Found {
  const asked = text.trim().toLowerCase();
  if (!asked) return { rows: [], sample_ids: [], n: 0 };
  const small = (word: string | undefined) => (word ?? "").toLowerCase();
  const names = Array.from(classes, small);
  const ranked: { row: number; worth: number }[] = [];
  ids.forEach((id, row) => {
    const label = labels[row] ?? -1;
    const name = label < 0 ? "" : (names[label] ?? String(label));
    const own = small(id);
    const tests = [
      own === asked,
      name === asked,
      own.startsWith(asked),
      name.startsWith(asked),
      own.includes(asked),
      name.includes(asked),
      small(groups[row]).includes(asked),
    ];
    const worth = tests.indexOf(true);
    if (worth >= 0) ranked.push({ row, worth });
  });
  ranked.sort((a, b) => a.worth - b.worth);
  const rows = ranked.slice(0, SHOWN).map(({ row }) => row);
  return { rows, sample_ids: rows.map((row) => ids[row] ?? ""), n: ranked.length };
}
