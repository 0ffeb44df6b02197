/** The whole page on made-up data; the renderer is replaced by one that only remembers. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Events, Scatter } from "../src/scatter";

const listeners: { [Name in keyof Events]?: (event: Events[Name]) => void } = {};
const scatter = new Proxy({} as Record<string, ReturnType<typeof vi.fn>>, {
  get(known, name: string) {
    if (name === "sight") return [-3, -3, 3, 3];
    if (name === "view") return { x: 0, y: 0, k: 1 };
    known[name] ??= vi.fn();
    return known[name];
  },
});
vi.mock("../src/scatter", () => ({ createScatter: () => scatter as unknown as Scatter }));

const { mount } = await import("../src/app/page");
const { fixture } = await import("../src/source/fixture");
const { Refusal } = await import("../src/source/source");

let root: HTMLElement;
let unmount: () => void = () => {};
/** Wait until it is so. */
const see = (check: () => void) => vi.waitFor(check, { timeout: 8000 });
const one = (selector: string) => root.querySelector<HTMLElement>(selector);
const button = (name: string) =>
  [...root.querySelectorAll<HTMLElement>("button")].find(
    (node) => node.getAttribute("aria-label") === name || node.textContent?.trim() === name,
  );
const press = (key: string) =>
  document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const hover = (index: number | null) =>
  listeners.hover?.({
    index,
    x: 0.5,
    y: 0.5,
    px: 40,
    py: 40,
    by: "mouse",
    shift: false,
    meta: false,
  });
const click = (index: number) =>
  listeners.click?.({
    index,
    x: 0,
    y: 0,
    px: 1,
    py: 1,
    by: "mouse",
    shift: false,
    meta: false,
  });

async function open(source = fixture({ n: 200 })): Promise<void> {
  unmount = await mount(root, source, { inPage: true });
}

/** The map's points and colours are there. */
const drawn = () => see(() => expect(scatter.setColours?.mock.calls.at(-1)?.[0]).toBeTruthy());

beforeEach(() => {
  localStorage.setItem("latentscape-tour", "seen");
  history.replaceState(null, "", "#");
  root = document.createElement("div");
  document.body.append(root);
  scatter.on?.mockImplementation((name: keyof Events, listener: never) => {
    listeners[name] = listener;
    return () => {};
  });
});
afterEach(() => {
  unmount();
  root.remove();
  vi.clearAllMocks();
});

const filter = () => scatter.setFilter?.mock.calls.at(-1)?.[0] as Uint8Array | null;
const left = () => filter()?.reduce((a, b) => a + b, 0);

test("labels are text, whatever they hold", async () => {
  await open();
  await see(() => expect(one(".ls-legend")?.textContent).toContain("<b>stripes</b>"));
  expect(root.querySelector(".ls-legend b")).toBeNull();
});

test("the legend filters classes, and one can stand alone", async () => {
  await open();
  await see(() => expect(one(".ls-class-switch")).not.toBeNull());
  one(".ls-class-switch")?.click();
  await see(() => expect(left()).toBeLessThan(200));
  await see(() => expect(one(".ls-class-switch")?.getAttribute("aria-pressed")).toBe("false"));
  button("Only ring")?.click();
  await see(() => expect(left()).toBeLessThan(60));
  await see(() => expect(button("Show all 7")).toBeDefined());
  button("Show all 7")?.click();
  await see(() => expect(filter()).toBeNull());
});

test("a click opens the sample with its neighbours, and a neighbour leads on", async () => {
  await open();
  await drawn();
  click(7);
  await see(() => expect(one(".ls-id")?.textContent).toBe("figure-00007"));
  const tiles = root.querySelectorAll<HTMLElement>("[data-testid=neighbours] button");
  expect(tiles.length).toBe(12);
  tiles[0]?.click();
  await see(() => expect(one(".ls-id")?.textContent).toMatch(/figure-(?!00007)/));
});

test("a switch of map flows, and its trust column finds its twin", async () => {
  await open();
  await see(() => expect(scatter.setPoints).toHaveBeenCalledTimes(1));
  press("2");
  await see(() => expect(scatter.setPoints?.mock.calls.at(-1)?.[1].animate).toBeGreaterThan(0));
  one(".ls-colour-choice button")?.click();
  await see(() => expect(root.querySelectorAll(".ls-choices button")).toHaveLength(4));
  [...root.querySelectorAll<HTMLElement>(".ls-choices button")].at(-1)?.click();
  await see(() => expect(one(".ls-legend")?.textContent).toContain("Trust"));
  press("3");
  await see(() => expect(location.hash).toContain("colour=trust-umap"));
});

test("what lies under the pointer is decoded; where that fails the map stays", async () => {
  const source = fixture({ n: 200 });
  await open(source);
  await drawn();
  hover(null);
  await see(() => expect(one("[data-testid=lens]")?.textContent).toContain("exact"));
  source.look = async () => {
    throw new Refusal("the model was moved away", "put it back");
  };
  hover(null);
  await see(() =>
    expect(one(".ls-pointer-card")?.textContent).toContain(
      "the model was moved away (put it back)",
    ),
  );
  expect(one("[data-testid=lens]")).toBeNull();
  expect(one(".ls-map")).not.toBeNull();
});

test("without a model the lens is off and says why; a panel that needs it too", async () => {
  const without = { decode: "torch is not installed", travel: "torch is not installed" };
  const source = fixture({ n: 50, without });
  source.look = vi.fn();
  await open(source);
  await drawn();
  expect(button("Cannot decode: torch is not installed")?.hasAttribute("disabled")).toBe(true);
  hover(null);
  [...root.querySelectorAll<HTMLElement>("[role=tab]")][1]?.click();
  await see(() => expect(one(".ls-impossible")?.textContent).toContain("Torch is not installed"));
  expect(one(".ls-impossible")?.textContent).toContain("hint: latentscape info RUN");
  expect(source.look).not.toHaveBeenCalled();
});

test("a selection shows what it is made of; Escape drops it", async () => {
  await open();
  await drawn();
  listeners.select?.({
    indices: Uint32Array.from([1, 2, 3]),
    kind: "lasso",
    polygon: new Float32Array(),
    add: false,
  });
  await see(() =>
    expect(one("[data-testid=selection] h3")?.textContent).toBe("3 samples selected"),
  );
  expect(root.querySelectorAll("[data-testid=selection] .ls-tile")).toHaveLength(3);
  press("Escape");
  await see(() => expect(one("[data-testid=selection]")).toBeNull());
});

test("an image of one's own is encoded and lands; a file that is none is refused", async () => {
  await open();
  await drawn();
  const drop = (type: string) => {
    const event = new Event("drop") as Event & { dataTransfer: unknown };
    event.dataTransfer = { files: [new File(["x"], "<img src=x>", { type })], types: ["Files"] };
    document.dispatchEvent(event);
  };
  drop("image/png");
  await see(() =>
    expect(one("[data-testid=dropped]")?.textContent).toContain("as the model sees it"),
  );
  expect(scatter.setMarkers?.mock.calls.at(-1)?.[0]).toMatchObject([{ kind: "drop" }]);
  drop("text/plain");
  await see(() => expect(one("[role=alert]")?.textContent).toContain("no image"));
});

test("? lists the keys and closes again", async () => {
  await open();
  press("?");
  await see(() => expect(one("dialog")?.textContent).toContain("find a sample"));
  press("?");
  await see(() => expect(one("dialog")).toBeNull());
});

test("the first visit is shown round, once", async () => {
  localStorage.removeItem("latentscape-tour");
  await open();
  for (const at of [1, 2, 3, 4, 5]) {
    await see(() => expect(one(".ls-tour")?.textContent).toContain(`${at} of 5`));
    one("[data-next]")?.click();
  }
  await see(() => expect(one(".ls-tour")).toBeNull());
  expect(localStorage.getItem("latentscape-tour")).toBe("seen");
});

test("a source that refuses is told in one line", async () => {
  const source = fixture();
  source.exhibition = async () => {
    throw new Refusal("the program does not answer", "is it running?");
  };
  await open(source);
  expect(one(".ls-fault")?.textContent).toContain("The program does not answer.");
  expect(one(".ls-fault")?.textContent).toContain("hint: is it running?");
});

test("a run without maps says so and how to make one", async () => {
  const source = fixture({ n: 20, exhibits: 1 });
  const exhibition = await source.exhibition();
  source.exhibition = async () => ({
    ...exhibition,
    exhibits: exhibition.exhibits.map((card) => ({ ...card, maps: [] })),
  });
  await open(source);
  expect(one(".ls-fault")?.textContent).toContain("This run has no map yet.");
});
