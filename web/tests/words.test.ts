import { expect, test } from "vitest";
import { figure, reliabilityWord, withUnit } from "../src/look/words";

test.each([
  [null, "—"],
  [Number.NaN, "—"],
  [0, "0"],
  [1e-17, "0"],
  [0.12345, "0.123"],
  [0.0061234, "0.0061"],
  [0.99999, "1.00"],
  [-2.345, "−2.35"],
  [12.345, "12.3"],
  [123.45, "123"],
  [12345, "12,345"],
  [0.00001234, "1.2e−5"],
  [3.2e9, "3.2e9"],
])("%s reads %s", (value, text) => expect(figure(value)).toBe(text));

test("no number has no unit", () => {
  expect(withUnit(null, "dB")).toBe("—");
  expect(withUnit(21.34, "dB")).toBe("21.3 dB");
});

test("reliability is said in a word, never higher for less", () => {
  expect(reliabilityWord(1, "exact")).toBe("exact");
  const words = [1, 0.6, 0.3, 0].map((value) => reliabilityWord(value, "neighbours"));
  expect(words).toEqual(["good", "fair", "weak", "poor"]);
});
