/** Numbers and directions in words. */

import type { ColumnCard, Measure } from "../api/bodies";

/** Three figures that count; `—` where there is no number. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  if (size < 1e-12) return "0";
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(1).replace("e+", "e"));
  if (size >= 1000) return Math.round(value).toLocaleString("en-GB");
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.9995 ? 2 : 3;
  return minus(size < 0.1 ? value.toPrecision(2) : value.toFixed(digits));
}

/** As a heading has it; what is an abbreviation or a sign stays as it is. */
export function titled(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function withUnit(value: number | null | undefined, unit: string): string {
  const text = figure(value);
  return unit && text !== "—" ? `${text} ${unit}` : text;
}

export function count(n: number): string {
  return n.toLocaleString("en-GB");
}

/** `1 sample`, `2 samples`. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

/** Which way is better, in words; empty where neither is. */
export function direction(better: Measure["better"]): string {
  return better === "neither" ? "" : `${better} is better`;
}

/** Unit and direction of a column, or how many classes it has. */
export function legendLine(card: ColumnCard): string {
  if (card.form === "category") return many(card.categories.length, "class", "classes");
  return [card.unit, direction(card.better)].filter(Boolean).join(" · ");
}

export function interval(measure: Measure): string {
  if (measure.low === null || measure.high === null) return "";
  return `${figure(measure.low)} to ${figure(measure.high)}`;
}

/** How far a decoded place may be trusted, in a word. */
export function reliabilityWord(reliability: number, lifting: string): string {
  if (lifting === "exact") return "exact";
  if (reliability >= 0.75) return "good";
  if (reliability >= 0.5) return "fair";
  if (reliability >= 0.25) return "weak";
  return "poor";
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}
