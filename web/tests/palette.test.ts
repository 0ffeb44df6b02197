/** The page's colours are those of figures and report. */

import { expect, test } from "vitest";
import python from "../../src/latentscape/report/palette.py?raw";
import { CLASS_COLOURS, DIVERGING, ramp, SEQUENTIAL, TRUST } from "../src/look/tokens";
import css from "../src/look/tokens.css?raw";

function listed(name: string): string[] {
  const body = new RegExp(`^${name} = \\(([^)]*)\\)`, "m").exec(python)?.[1] ?? "";
  return [...body.matchAll(/#[0-9a-f]{6}/g)].map(String);
}

function suit(name: string): [string, string][] {
  const body = new RegExp(`^${name} = \\{([^}]*)\\}`, "m").exec(python)?.[1] ?? "";
  return [...body.matchAll(/"(\w+)": "(#[0-9a-f]{6})"/g)].map(([, key, colour]) => [
    key as string,
    colour as string,
  ]);
}

test.each(Object.entries({ CLASS_COLOURS, SEQUENTIAL, TRUST, DIVERGING }))("%s", (name, own) => {
  expect(listed(name).length).toBeGreaterThan(2);
  expect([...own]).toEqual(listed(name));
});

test("both suits agree, and the dark one is the same by preference and by choice", () => {
  const blocks = [...css.matchAll(/\{([^{}]*--paper[^{}]*)\}/g)].map(([, block]) => block ?? "");
  expect(blocks).toHaveLength(3);
  for (const [block, name] of [
    [blocks[0], "LIGHT"],
    [blocks[1], "DARK"],
    [blocks[2], "DARK"],
  ] as const) {
    expect(suit(name)).toHaveLength(8);
    for (const [key, colour] of suit(name)) expect(block).toContain(`--${key}: ${colour}`);
  }
});

test("a ramp begins and ends at its stops", () => {
  const table = ramp(["#000000", "#ff0000", "#ffffff"]);
  expect([...table.slice(0, 3)]).toEqual([0, 0, 0]);
  expect([...table.slice(-3)]).toEqual([255, 255, 255]);
  expect(table[3 * 64]).toBeCloseTo(128, -1);
});
