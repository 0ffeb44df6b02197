import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DotChart, LineChart, nearestTo, spoken } from "../src/look/chart";

let root: HTMLElement;
const see = (check: () => void) => vi.waitFor(check, { timeout: 4000 });
beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

test("a curve in one breath", () => {
  expect(spoken([1, 4, 2], "nat")).toBe("from 1.00 nat to 2.00 nat, highest 4.00 at 1");
  expect(spoken([null, null], "")).toBe("no values");
});

test("the nearest place", () => {
  expect(nearestTo([1, 2.5, 9], 4)).toBe(1);
  expect(nearestTo([3], -100)).toBe(0);
});

test("a curve breaks where there is no value, and its numbers stand behind it", async () => {
  const curves = [
    { name: "the way", values: [0, null, 2, 3] },
    { name: "dissolve", values: [1, 1, 1, 1], dashed: true },
  ];
  render(<LineChart title="Style" curves={curves} across="frame" chosen={2} />, root);
  const [own, beside] = [...root.querySelectorAll(".ls-chart svg[role=img] path")];
  expect(own?.getAttribute("d")?.match(/M/g)).toHaveLength(2);
  expect(beside?.getAttribute("d")?.match(/M/g)).toHaveLength(1);
  expect(root.querySelectorAll(".ls-own circle")).toHaveLength(3);
  const details = root.querySelector("details") as HTMLDetailsElement;
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  await see(() => expect(root.querySelectorAll("tbody tr")).toHaveLength(4));
  expect(root.querySelectorAll("tbody tr")[1]?.textContent).toBe("1—1.00");
});

test.each([
  ["nothing", []],
  ["one value", [5]],
  ["one value again and again", [2, 2, 2]],
  ["no values", [null, null]],
])("%s is drawn without NaN", (_, values) => {
  render(<LineChart title="t" curves={[{ name: "a", values }]} across="frame" />, root);
  expect(root.innerHTML).not.toContain("NaN");
});

test("arrows walk through dots from left to right", () => {
  const dots = [5, 1, 3].map((x) => ({ x, y: x, name: `dot ${x}` }));
  const onChoose = vi.fn();
  const draw = (chosen: number | null) =>
    render(
      <DotChart
        title="t"
        each="dot"
        dots={dots}
        across="x"
        upwards="y"
        {...{ chosen, onChoose }}
      />,
      root,
    );
  const press = (key: string) =>
    root
      .querySelector("[role=slider]")
      ?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  draw(null);
  press("ArrowRight");
  expect(onChoose).toHaveBeenLastCalledWith(1);
  draw(1);
  press("ArrowRight");
  expect(onChoose).toHaveBeenLastCalledWith(2);
  press("ArrowLeft");
  expect(onChoose).toHaveBeenLastCalledWith(1);
  expect(root.querySelector("[role=slider]")?.getAttribute("aria-valuetext")).toContain("dot 1");
});
