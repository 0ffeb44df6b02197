/** The panels that move, on made-up data; the renderer is replaced by one that only remembers. */

import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Events, Scatter } from "../src/scatter";

const listeners: { [Name in keyof Events]?: (event: Events[Name]) => void }[] = [];
vi.mock("../src/scatter", () => ({
  createScatter: () => {
    const mine: (typeof listeners)[number] = {};
    listeners.push(mine);
    return new Proxy({} as Record<string, unknown>, {
      get(known, name: string) {
        known[name] ??=
          name === "on"
            ? (event: keyof Events, listener: never) => {
                mine[event] = listener;
                return () => {};
              }
            : vi.fn();
        return known[name];
      },
    }) as unknown as Scatter;
  },
}));

const { createState } = await import("../src/app/state");
const { fixture } = await import("../src/source/fixture");
const { Refusal } = await import("../src/source/source");
const { TravelPanel, fitting } = await import("../src/panels/travel");
const { DialsPanel, beyond, standings, turned } = await import("../src/panels/dials");
const { MotionPanel, dotsOf } = await import("../src/panels/motion");
const { TrainingPanel, familiesOf, positionsOf } = await import("../src/panels/training");
const { ComparePanel, topicsOf } = await import("../src/panels/compare");

let root: HTMLElement;
const see = (check: () => void) => vi.waitFor(check, { timeout: 8000 });
const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => root.querySelector<HTMLElement>(selector);
const button = (name: string) =>
  all("button").find(
    (node) => node.getAttribute("aria-label") === name || node.textContent?.trim() === name,
  );
const slide = (input: HTMLElement | null | undefined, value: number) => {
  (input as HTMLInputElement).value = String(value);
  input?.dispatchEvent(new Event("input", { bubbles: true }));
};

async function open(Panel: typeof TravelPanel, source = fixture({ n: 200 })) {
  const state = createState(source, await source.exhibition());
  const points = await source.points("0", state.mapName.value);
  state.points.value = points;
  render(<Panel state={state} source={source} />, root);
  return state;
}

beforeEach(() => {
  listeners.length = 0;
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

test("two samples picked on the map are travelled between, beside their dissolve", async () => {
  const state = await open(TravelPanel);
  expect(one("[data-testid=verdict]")).toBeNull();
  button("Pick on the map")?.click();
  await see(() => expect(state.picking.value).not.toBeNull());
  state.picking.value?.(3);
  expect(state.picking.value).not.toBeNull();
  state.picking.value?.(40);
  expect(state.picking.value).toBeNull();
  await see(() => expect(one("[data-testid=verdict]")).not.toBeNull());
  expect(state.journey.value.rows).toEqual([3, 40]);
  expect(all(".ls-strip")).toHaveLength(2);
  expect(all(".ls-strip")[0]?.children).toHaveLength(10);
  expect(one(".ls-chart svg[role=img]")?.getAttribute("aria-label")).toContain("dissolve: from");
  const paths = () => state.overlays.value.travel?.paths ?? [];
  await see(() => expect(paths()[0]?.points).toHaveLength(20));
});

test("a journey is scrubbed by slider and strip, and turned round", async () => {
  const state = await open(TravelPanel);
  state.journey.value = { rows: [3, 40], method: "linear", nSteps: 8 };
  await see(() => expect(one(".ls-player")).not.toBeNull());
  slide(one(".ls-player input[type=range]"), 5);
  await see(() => expect(one(".ls-player output")?.textContent).toBe("6 of 8"));
  const marker = () => state.overlays.value.travel?.markers?.at(-1);
  const before = marker();
  all(".ls-strip button")[2]?.click();
  await see(() => expect(one(".ls-player output")?.textContent).toBe("3 of 8"));
  await see(() => expect(marker()).not.toEqual(before));
  button("Turn round")?.click();
  await see(() => expect(state.journey.value.rows).toEqual([40, 3]));
  button("Take sample 1 off the way")?.click();
  await see(() => expect(one("[data-testid=verdict]")).toBeNull());
});

test("what cannot be travelled says why, and the next journey is told again", async () => {
  const source = fixture({ n: 200 });
  const travel = source.travel.bind(source);
  source.travel = async () => {
    throw new Refusal("the model decodes to nothing", "train it further");
  };
  const state = await open(TravelPanel, source);
  state.journey.value = { rows: [1, 2], method: "linear", nSteps: 8 };
  await see(() => expect(one("[role=alert]")?.textContent).toContain("train it further"));
  source.travel = travel;
  state.journey.value = { rows: [1, 3], method: "linear", nSteps: 8 };
  await see(() => expect(one("[data-testid=verdict]")).not.toBeNull());
  expect(one("[role=alert]")).toBeNull();
});

test("films are asked for by kind, with frames enough for the samples", async () => {
  expect(fitting({ rows: [1, 2, 3], method: "linear", nSteps: 3 }).nSteps).toBe(5);
  expect(fitting({ rows: [1, 2], method: "linear", nSteps: 900 }).nSteps).toBe(64);
  const source = fixture({ n: 200 });
  const film = vi.spyOn(source, "film");
  URL.createObjectURL = vi.fn(() => "blob:film");
  URL.revokeObjectURL = vi.fn();
  const state = await open(TravelPanel, source);
  state.journey.value = { rows: [1, 2, 3], method: "linear", nSteps: 3 };
  await see(() => expect(button("Save as GIF")).toBeDefined());
  button("Save as GIF")?.click();
  await see(() => expect(film).toHaveBeenCalledTimes(1));
  expect(film.mock.calls[0]?.slice(1)).toEqual([
    { rows: [1, 2, 3], method: "linear", nSteps: 5 },
    "gif",
  ]);
});

test("a dial moves its own standing and no more than it must of the others", async () => {
  const source = fixture({ n: 200 });
  const known = await source.dials("0");
  const latent = Float32Array.from([0.4, -0.3]);
  expect(standings(known, latent)[0]).toBeCloseTo(0.4);
  const next = turned(known, latent, 2, 1.5); // along (.8, .6)
  expect(standings(known, next)[2]).toBeCloseTo(1.5);
  expect(standings(known, next)[3]).toBeCloseTo(standings(known, latent)[3] as number); // across
  const dial = known.dials.dials[0] as (typeof known.dials.dials)[number];
  expect(beyond(dial, 0)).toBe(0);
  expect(beyond(dial, dial.high + (dial.high - dial.low))).toBeCloseTo(1);
});

test("dials are sorted, decode as they turn, warn beyond the samples, and go back", async () => {
  const source = fixture({ n: 200 });
  const decode = vi.spyOn(source, "decode");
  const state = await open(DialsPanel, source);
  await see(() => expect(all(".ls-dial")).toHaveLength(2));
  expect(all(".ls-dial b").map((node) => node.textContent)).toEqual(["z1", "z2"]);
  await see(() => expect(all("canvas")).toHaveLength(2));
  const before = decode.mock.calls.length;
  slide(one(".ls-dial input"), 3.9);
  await see(() => expect(decode.mock.calls.length).toBeGreaterThan(before));
  expect(decode.mock.calls.at(-1)?.[1][0]).toBeCloseTo(3.9);
  await see(() =>
    expect(one(".ls-beyond input")?.getAttribute("aria-valuetext")).toContain("beyond"),
  );
  await see(() => expect(state.overlays.value.dials?.markers?.at(-1)?.x).toBeCloseTo(3.9));
  button("Reset all")?.click();
  await see(() => expect(all(".ls-beyond")).toHaveLength(0));
});

test("dials begin at a sample", async () => {
  const state = await open(DialsPanel);
  await see(() => expect(all(".ls-dial")).toHaveLength(2));
  button("a sample on the map")?.click();
  await see(() => expect(state.picking.value).not.toBeNull());
  state.picking.value?.(9);
  await see(() => expect(root.textContent).toContain("sample 9, decoded"));
});

test("triplets are walked through; the dot of one chooses it", async () => {
  const source = fixture({ n: 200 });
  const known = await source.motion("0");
  const state = await open(MotionPanel, source);
  await see(() => expect(one(".ls-guesses")).not.toBeNull());
  expect(all(".ls-triplet li")).toHaveLength(3);
  expect(all(".ls-guesses li")).toHaveLength(2);
  expect(root.textContent).toContain("least");
  expect(state.overlays.value.motion?.arrows).toHaveLength(4 * 30);
  button("Next triplet")?.click();
  await see(() => expect(one("h3.ls-id")?.textContent).toBe(known.card.names[1]));
  const chart = one("[role=slider]");
  const order = dotsOf(known).sort((a, b) => a.x - b.x);
  const at = order.findIndex(({ triplet }) => triplet === 1);
  chart?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  const next = order[at + 1]?.triplet ?? 1;
  await see(() => expect(one("h3.ls-id")?.textContent).toBe(known.card.names[next]));
  [...all("[role=radio]")].find((node) => node.textContent === "shots")?.click();
  await see(() => expect(state.overlays.value.motion?.paths?.length).toBe(7));
});

test("triplets whose flow is not known have no dot", async () => {
  const known = await fixture({ n: 200 }).motion("0");
  const flow = known.flow.slice();
  flow[4] = Number.NaN;
  const dots = dotsOf({ ...known, flow });
  expect(dots).toHaveLength(29);
  expect(dots.map(({ triplet }) => triplet)).not.toContain(4);
});

test("an epoch is shown on the map, and leaves it with the panel", async () => {
  const source = fixture({ n: 200 });
  const known = await source.training("0");
  const state = await open(TrainingPanel, source);
  await see(() => expect(state.guest.value?.words).toContain("epoch 12"));
  slide(one(".ls-player input"), 0);
  await see(() => expect(state.guest.value?.words).toContain("epoch 1:"));
  expect(state.guest.value?.positions).toEqual(positionsOf(known, 0));
  expect(one("table")?.textContent).toContain("100");
  one("input[type=checkbox].nothing, .ls-section > .ls-check input")?.click();
  await see(() => expect(state.guest.value).toBeNull());
  one(".ls-section > .ls-check input")?.click();
  await see(() => expect(state.guest.value).not.toBeNull());
  render(null, root);
  await see(() => expect(state.guest.value).toBeNull());
});

test("training and validation share a chart", () => {
  const families = familiesOf({
    epochs: [1, 2],
    curves: { train_loss: [3, 2], val_loss: [3, null], beta: [1, 1] },
    units: { val_loss: "nat", train_loss: "nat" },
    axes: "",
    has_picture: false,
  });
  expect(families.map(({ name, unit }) => [name, unit])).toEqual([
    ["loss", "nat"],
    ["beta", ""],
  ]);
  expect(families[0]?.curves.map(({ name, dashed }) => [name, dashed])).toEqual([
    ["training", true],
    ["validation", false],
  ]);
});

test("what is pointed at in one map is lit in all, and a pair is travelled in each", async () => {
  const source = fixture({ n: 200 });
  const travel = vi.spyOn(source, "travel");
  await open(ComparePanel, source);
  await see(() => expect(listeners).toHaveLength(2));
  const at = (index: number) => ({
    ...{ index, x: 0, y: 0, px: 0, py: 0 },
    ...{ by: "mouse" as const, shift: false, meta: false },
  });
  listeners[0]?.hover?.(at(4));
  await see(() => expect(one(".ls-pointed")?.textContent).toContain("sample 4"));
  listeners[1]?.click?.(at(4));
  await see(() => expect(root.textContent).toContain("click the other"));
  listeners[0]?.click?.(at(9));
  await see(() => expect(all(".ls-one-run .ls-strip")).toHaveLength(2));
  expect(travel.mock.calls.map(([key, { rows }]) => [key, rows])).toEqual([
    ["0", [4, 9]],
    ["1", [4, 9]],
  ]);
  expect(all(".ls-best").map((node) => node.textContent)).toEqual(["best: 22.0 21.6 to 22.4"]);
});

test("lines of a comparison stand under their topics", async () => {
  const compared = await fixture({ n: 50 }).compare(["0", "1"], "pca");
  const [line] = compared.sides.measures;
  const sides = {
    ...compared.sides,
    measures: [line, line, line].filter((one) => one !== undefined),
    topics: ["a", "b", "a"],
    best: [["0"], [], ["1"]],
  };
  const topics = topicsOf({ ...compared, sides });
  expect(topics.map(([topic, lines]) => [topic, lines.length])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(topics[0]?.[1].map(({ best }) => best)).toEqual([["0"], ["1"]]);
});
