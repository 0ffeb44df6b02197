import { beforeEach, expect, test } from "vitest";
import { fromHash, packRows, toHash, tooLong, unpackRows } from "../src/app/share";
import { createState, type State, showExhibit } from "../src/app/state";
import { fixture } from "../src/source/fixture";

const source = fixture({ n: 300 });
const exhibition = await source.exhibition();
let state: State;
beforeEach(() => {
  state = createState(source, exhibition);
});

test("everything that is seen comes back from the link", () => {
  showExhibit(state, "1");
  state.mapName.value = "umap";
  state.colourName.value = "label";
  state.hidden.value = new Set([2, -1]);
  state.view.value = { x: 0.123456, y: -2, k: 7.5 };
  state.pinned.value = 12;
  state.selection.value = [1, 2, 3, 250];
  state.journey.value = { rows: [4, 4, 9], method: "slerp", nSteps: 21 };
  state.panel.value = "travel";
  const other = createState(source, exhibition);
  fromHash(other, toHash(state));
  expect(toHash(other)).toBe(toHash(state));
  expect(other.key.value).toBe("1");
  expect(other.hidden.value).toEqual(new Set([2, -1]));
  expect(other.view.value).toEqual({ x: 0.123456, y: -2, k: 7.5 });
  expect(other.selection.value).toEqual([1, 2, 3, 250]);
  expect(other.journey.value).toEqual({ rows: [4, 4, 9], method: "slerp", nSteps: 21 });
  expect(other.panel.value).toBe("travel");
});

test.each([
  "",
  "#",
  "#run=nobody&map=nowhere&colour=none&panel=__proto__",
  "#at=1,2&pin=abc&selected=!!!&travel=1e9.-3.x&way=teleport&steps=1e9",
  "#at=NaN,Infinity,-1&hide=a.b..&selected=%00%ff&steps=-2&travel=",
  "#%E0%A4%A&&&===",
  `#selected=${"A".repeat(50_000)}`,
  "#pin=1.5&pin=2&grid=1&map=umap&hide=999",
])("nonsense is passed over: %s", (hash) => {
  fromHash(state, hash);
  expect(state.exhibit.value.key).toBe("0");
  expect(state.map.value).toBeDefined();
  expect(state.selection.value.every((row) => row < 300)).toBe(true);
  expect(state.journey.value.rows.every((row) => row >= 0 && row < 300)).toBe(true);
  expect(state.journey.value.nSteps).toBe(10);
  expect(state.view.value).toBeNull();
});

test("rows come back sorted, however far apart", () => {
  const rows = [5, 0, 127, 128, 129, 16_511, 16_512, 999_999];
  expect(unpackRows(packRows(rows))).toEqual([...rows].sort((a, b) => a - b));
  expect(unpackRows(packRows([]))).toEqual([]);
});

test("a selection too large for a link is left out, and that is known", () => {
  state.selection.value = Array.from({ length: 9000 }, (_, i) => i * 3);
  expect(tooLong(state)).toBe(true);
  expect(toHash(state)).not.toContain("selected");
});
