/** The legend: what the colours mean; classes switch on and off. */

import { useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ColumnCard } from "../api/bodies";
import { Icon } from "../look/icons";
import { sentence } from "../look/parts";
import { classColour, ramp, SEQUENTIAL, TRUST } from "../look/tokens";
import { count, figure, legendLine, many, titled } from "../look/words";
import type { State } from "./state";

const BINS = 48;
const NARROW = 600;

export function Legend({ state }: { state: State }) {
  const [open, setOpen] = useState(() => innerWidth > NARROW);
  const card = state.coloured.value;
  if (state.guest.value || !card) return null;
  return (
    <section class="ls-card ls-legend" aria-label={`Colours: ${card.title}`} data-open={open}>
      <h2>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {titled(card.title)}
          <small>{legendLine(card)}</small>
          <Icon name="down" />
        </button>
      </h2>
      {open && card.form === "category" && <Classes state={state} card={card} />}
      {open && card.form === "number" && <Amounts state={state} card={card} />}
    </section>
  );
}

function Classes({ state, card }: { state: State; card: ColumnCard }) {
  const counts = useComputed(() => {
    const tally = new Map<number, number>();
    const values = state.values.value;
    if (values) {
      for (const row of state.points.value?.rows ?? []) {
        const code = values[row] ?? -1;
        tally.set(code, (tally.get(code) ?? 0) + 1);
      }
    }
    return tally;
  });
  const hidden = state.hidden.value;
  const codes = card.categories.map((_, code) => code).filter((code) => counts.value.has(code));
  if (counts.value.has(-1)) codes.push(-1);
  const toggle = (code: number) => {
    const next = new Set(hidden);
    if (!next.delete(code)) next.add(code);
    state.hidden.value = next.size === codes.length ? new Set() : next;
  };
  const only = (code: number) => {
    state.hidden.value = new Set(codes.filter((other) => other !== code));
  };
  return (
    <>
      <ul class="ls-classes">
        {codes.map((code) => {
          const name = code < 0 ? "unknown" : (card.categories[code] ?? String(code));
          return (
            <li key={code}>
              <button
                type="button"
                class="ls-class-switch"
                aria-pressed={!hidden.has(code)}
                title={`Show or hide ${name}`}
                onClick={() => toggle(code)}
              >
                <svg class="ls-dot" viewBox="0 0 10 10" aria-hidden="true">
                  <circle cx="5" cy="5" r="4" fill={classColour(code)} stroke={classColour(code)} />
                </svg>
                <span>{name}</span>
                <small>{count(counts.value.get(code) ?? 0)}</small>
              </button>
              <button
                type="button"
                class="ls-link"
                aria-label={`Only ${name}`}
                onClick={() => only(code)}
              >
                only
              </button>
            </li>
          );
        })}
      </ul>
      {hidden.size > 0 && (
        <button
          type="button"
          class="ls-link"
          onClick={() => {
            state.hidden.value = new Set();
          }}
        >
          Show all {codes.length}
        </button>
      )}
    </>
  );
}

function Amounts({ state, card }: { state: State; card: ColumnCard }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const bars = useComputed(() => tally(state, card));
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !canvas.current) return;
    const table = ramp(card.name.startsWith("trust") ? TRUST : SEQUENTIAL);
    const { width, height } = canvas.current;
    context.clearRect(0, 0, width, height);
    const most = Math.max(...bars.value, 1);
    bars.value.forEach((bar, i) => {
      const at = Math.round((i / (BINS - 1)) * 255) * 3;
      context.fillStyle = `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
      const tall = (bar / most) * (height - 12);
      context.fillRect((i * width) / BINS, height - 10 - tall, width / BINS - 0.5, tall);
      context.fillRect((i * width) / BINS, height - 8, width / BINS + 0.5, 8);
    });
  }, [bars.value, card]);
  return (
    <div class="ls-amounts">
      <canvas
        ref={canvas}
        width={384}
        height={72}
        role="img"
        aria-label={`How often each value occurs, from ${figure(card.low)} to ${figure(card.high)} ${card.unit}`}
      />
      <p class="ls-ends">
        <span>≤ {figure(card.low)}</span>
        <span>{card.unit}</span>
        <span>≥ {figure(card.high)}</span>
      </p>
      {card.meaning && <p class="ls-small">{sentence(card.meaning)}</p>}
      {card.n_missing > 0 && (
        <p class="ls-small">Grey rings: {many(card.n_missing, "sample")} without a value.</p>
      )}
    </div>
  );
}

/** How many points of the map lie in each part of the ramp. */
function tally(state: State, card: ColumnCard): number[] {
  const bars = new Array<number>(BINS).fill(0);
  const values = state.values.value;
  const reach = card.high - card.low || 1;
  if (!values) return bars;
  for (const row of state.points.value?.rows ?? []) {
    const share = ((values[row] ?? Number.NaN) - card.low) / reach;
    if (Number.isNaN(share)) continue;
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(share * BINS)));
    bars[bin] = (bars[bin] ?? 0) + 1;
  }
  return bars;
}
