import { expect, test, vi } from "vitest";
import { Newest } from "../src/app/newest";

/** Questions that are answered by hand. */
function bench(patience = 400) {
  const open: { wish: number; signal: AbortSignal; answer: () => void; fail: () => void }[] = [];
  const told: number[] = [];
  const failed: number[] = [];
  const newest = new Newest<number, number>({
    ask: (wish, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
        open.push({ wish, signal, answer: () => resolve(wish), fail: () => reject(new Error()) });
      }),
    tell: (answer) => told.push(answer),
    fail: (_, wish) => failed.push(wish),
    patience,
  });
  return { newest, open, told, failed };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test("one is in flight, and of the others only the newest follows", async () => {
  const { newest, open, told } = bench();
  for (const wish of [1, 2, 3, 4]) newest.ask(wish);
  expect(open.map(({ wish }) => wish)).toEqual([1]);
  open[0]?.answer();
  await settle();
  expect(open.map(({ wish }) => wish)).toEqual([1, 4]);
  open[1]?.answer();
  await settle();
  expect(told).toEqual([1, 4]);
});

test("a stop aborts and tells nothing", async () => {
  const { newest, open, told, failed } = bench();
  newest.ask(1);
  newest.ask(2);
  newest.stop();
  await settle();
  expect(open[0]?.signal.aborted).toBe(true);
  expect([told, failed, open.length]).toEqual([[], [], 1]);
  newest.ask(3);
  open[1]?.answer();
  await settle();
  expect(told).toEqual([3]);
});

test("a question that fails is told, and the next is asked", async () => {
  const { newest, open, told, failed } = bench();
  newest.ask(1);
  newest.ask(2);
  open[0]?.fail();
  await settle();
  open[1]?.answer();
  await settle();
  expect([failed, told]).toEqual([[1], [2]]);
});

test("one that hangs gives way to a newer one", async () => {
  vi.useFakeTimers();
  const { newest, open, told, failed } = bench(50);
  newest.ask(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(open[0]?.signal.aborted).toBe(false);
  newest.ask(2);
  await vi.advanceTimersByTimeAsync(60);
  expect(open[0]?.signal.aborted).toBe(true);
  open[1]?.answer();
  await vi.advanceTimersByTimeAsync(1);
  vi.useRealTimers();
  expect([told, failed]).toEqual([[2], []]);
});
