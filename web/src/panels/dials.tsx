/** Dials: directions of the latent space as sliders; the image changes and moves on the map. */

import { type Signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { DialCard } from "../api/bodies";
import { Newest } from "../app/newest";
import { complain, explained, overlay, type State, say } from "../app/state";
import { Icon } from "../look/icons";
import { Fault, IconButton, Picture, Thumb, Waiting } from "../look/parts";
import { figure, many } from "../look/words";
import type { Directions, Pixels } from "../source/source";
import type { PanelProps } from "./index";

const SHOWN = 12;
const BEYOND = 0.35;
const FAMILIES = ["latents", "principal axes", "attributes"] as const;
type Family = (typeof FAMILIES)[number];

export function DialsPanel({ state, source }: PanelProps) {
  const known = useSignal<Directions | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  useSignalEffect(() => {
    const key = state.key.value;
    state.shelf
      .keep(`dials ${key}`, () => source.dials(key))
      .then(
        (found) => {
          known.value = found;
        },
        (reason) => {
          fault.value = explained(reason);
        },
      );
  });
  if (fault.value) return <Fault {...fault.value} />;
  if (!known.value) return <Waiting text="Measuring directions" />;
  return <Board state={state} known={known.value} />;
}

/** Where a latent stands on each dial. */
export function standings(known: Directions, latent: Float32Array): number[] {
  const { directions, centre } = known;
  const size = centre.length;
  return known.dials.dials.map((_, k) => {
    let sum = 0;
    for (let d = 0; d < size; d++) {
      sum += (directions[k * size + d] ?? 0) * ((latent[d] ?? 0) - (centre[d] ?? 0));
    }
    return sum;
  });
}

/** The latent turned along dial `k` until it stands at `value` there. */
export function turned(
  known: Directions,
  latent: Float32Array,
  k: number,
  value: number,
): Float32Array {
  const size = known.centre.length;
  const direction = known.directions.subarray(k * size, (k + 1) * size);
  const length = direction.reduce((sum, one) => sum + one * one, 0);
  if (length === 0) return latent;
  const by = (value - (standings(known, latent)[k] ?? 0)) / length;
  return latent.map((one, d) => one + by * (direction[d] ?? 0));
}

function Board({ state, known }: { state: State; known: Directions }) {
  const start = useSignal<{ row: number | null; latent: Float32Array }>({
    row: null,
    latent: known.centre,
  });
  const latent = useSignal<Float32Array>(known.centre);
  const pixels = useSignal<Pixels | null>(null);
  const begun = useSignal<Pixels | null>(null);
  const trail = useSignal<readonly number[]>([]);
  useLive(state, latent, pixels);
  useTrail(state, start, latent, trail);
  const begin = async (row: number | null) => {
    state.picking.value = null;
    try {
      const from =
        row === null ? known.centre : await state.source.latents(state.key.peek(), [row]);
      start.value = { row, latent: from };
      latent.value = from;
      begun.value = await state.source.decode(state.key.peek(), from);
      say(state, row === null ? "the dials stand at the mean" : `the dials stand at sample ${row}`);
    } catch (reason) {
      complain(state, reason);
    }
  };
  useSignalEffect(() => {
    if (begun.peek() === null) begin(state.pinned.peek());
  });
  const told = useComputed(() => standings(known, latent.value));
  const outside = useComputed(
    () => known.dials.dials.filter((dial, k) => beyond(dial, told.value[k] ?? 0) > 0).length,
  );
  const moved = useComputed(() => latent.value !== start.value.latent);
  return (
    <>
      <section class="ls-section" aria-label="Image">
        <div class="ls-pair">
          <figure>
            {begun.value ? (
              <Picture pixels={begun.value} label="where the dials began" />
            ) : (
              <span class="ls-picture ls-empty" role="img" aria-label="not decoded yet" />
            )}
            <figcaption>
              {start.value.row === null ? "the mean" : `sample ${start.value.row}`}, decoded
            </figcaption>
          </figure>
          <figure>
            {pixels.value ? (
              <Picture pixels={pixels.value} label="the image that the dials make" />
            ) : (
              <span class="ls-picture ls-empty" role="img" aria-label="not decoded yet" />
            )}
            <figcaption>as the dials stand</figcaption>
          </figure>
        </div>
        <p class="ls-small" role="status">
          {outside.value === 0
            ? "Every dial stands where 98 % of the samples do."
            : `${many(outside.value, "dial")} beyond 98 % of the samples: what is decoded there was hardly ever trained.`}
        </p>
        <Beginnings state={state} row={start.value.row} begin={begin}>
          <button
            type="button"
            class="ls-link"
            disabled={!moved.value}
            onClick={() => {
              latent.value = start.value.latent;
              trail.value = [];
            }}
          >
            Reset all
          </button>
        </Beginnings>
      </section>
      <Families
        state={state}
        known={known}
        told={told.value}
        origin={standings(known, start.value.latent)}
        onTurn={(k, value) => {
          latent.value = turned(known, latent.peek(), k, value);
        }}
      />
    </>
  );
}

/** Decode what the dials stand at: one question at a time, the newest wins. */
function useLive(
  state: State,
  latent: { readonly value: Float32Array },
  pixels: { value: Pixels | null },
): void {
  const newest = useComputed(
    () =>
      new Newest<Float32Array, Pixels>({
        ask: (wanted, signal) => state.source.decode(state.key.peek(), wanted, signal),
        tell: (found) => {
          pixels.value = found;
        },
        fail: (reason) => complain(state, reason),
      }),
  );
  useSignalEffect(() => {
    newest.value.ask(latent.value);
  });
  useSignalEffect(() => () => newest.peek().stop());
}

/** The point on the map, and the way it has gone since the beginning. */
function useTrail(
  state: State,
  start: { readonly value: { latent: Float32Array } },
  latent: { readonly value: Float32Array },
  trail: Signal<readonly number[]>,
): void {
  const newest = useComputed(
    () =>
      new Newest<{ map: string; ends: Float32Array; size: number }, Float32Array>({
        ask: ({ map, ends }, signal) => state.source.place(state.key.peek(), map, ends, signal),
        tell: (placed) => {
          const [ax, ay, x, y] = placed as unknown as [number, number, number, number];
          const before = trail.peek();
          const went = before.length > 0 ? before : [ax, ay];
          trail.value = [...went, x, y].slice(-400);
          overlay(state, "dials", {
            paths: [{ points: trail.value, width: 1.5, dash: [3, 3] }],
            markers: [
              { x: ax, y: ay, kind: "dot", label: "start" },
              { x, y, kind: "cross" },
            ],
          });
        },
        fail: (reason) => complain(state, reason),
      }),
  );
  useSignalEffect(() => {
    const map = state.map.value;
    const [from, to] = [start.value.latent, latent.value];
    if (!map?.placing_words) {
      overlay(state, "dials", null);
      return;
    }
    const ends = new Float32Array(from.length * 2);
    ends.set(from);
    ends.set(to, from.length);
    newest.value.ask({ map: map.name, ends, size: from.length });
  });
  useSignalEffect(() => {
    state.map.value;
    start.value;
    trail.value = [];
  });
  useSignalEffect(() => () => {
    newest.peek().stop();
    overlay(state, "dials", null);
  });
}

function Beginnings(props: {
  state: State;
  row: number | null;
  begin: (row: number | null) => void;
  children: ComponentChildren;
}) {
  const { state, row, begin } = props;
  const picking = state.picking.value !== null;
  const { pinned } = state;
  return (
    <div class="ls-row">
      <span class="ls-muted">Begin at</span>
      {row !== null && (
        <button type="button" class="ls-button" onClick={() => begin(null)}>
          the mean
        </button>
      )}
      {pinned.value !== null && pinned.value !== row && (
        <button type="button" class="ls-button" onClick={() => begin(pinned.value)}>
          <span class="ls-mini">
            <Thumb state={state} row={pinned.value} label="" />
          </span>
          the sample shown
        </button>
      )}
      <button
        type="button"
        class="ls-button"
        aria-pressed={picking}
        onClick={() => {
          state.picking.value = picking ? null : begin;
        }}
      >
        <Icon name="pin" /> {picking ? "click a sample" : "a sample on the map"}
      </button>
      {props.children}
    </div>
  );
}

function Families(props: {
  state: State;
  known: Directions;
  told: readonly number[];
  origin: readonly number[];
  onTurn: (k: number, value: number) => void;
}) {
  const { known } = props;
  const { dials, note } = known.dials;
  const there = FAMILIES.filter((family) => dials.some((dial) => dial.family === family));
  const family = useSignal<Family>(there[0] ?? "latents");
  const all = useSignal(false);
  const mine = dials
    .map((dial, k) => ({ dial, k }))
    .filter(({ dial }) => dial.family === family.value)
    .sort((a, b) => b.dial.rate - a.dial.rate);
  const shown = all.value ? mine : mine.slice(0, SHOWN);
  return (
    <section class="ls-section" aria-label="Dials">
      {there.length > 1 && (
        <fieldset class="ls-chips">
          <legend class="ls-unseen">Kind of dial</legend>
          {there.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="ls-family"
                checked={name === family.value}
                onChange={() => {
                  family.value = name;
                  all.value = false;
                }}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
      <ul class="ls-dials">
        {shown.map(({ dial, k }) => (
          <Dial
            key={k}
            dial={dial}
            at={props.told[k] ?? 0}
            origin={props.origin[k] ?? 0}
            onTurn={(value) => props.onTurn(k, value)}
          />
        ))}
      </ul>
      {mine.length > shown.length && (
        <button
          type="button"
          class="ls-button"
          onClick={() => {
            all.value = true;
          }}
        >
          Show all {mine.length}
        </button>
      )}
      {note && <p class="ls-small">{note}</p>}
    </section>
  );
}

/** How far a value is beyond a dial's low and high, in their distance; 0 between them. */
export function beyond(dial: DialCard, value: number): number {
  const wide = dial.high - dial.low || 1;
  return Math.max(0, dial.low - value, value - dial.high) / wide;
}

function Dial(props: {
  dial: DialCard;
  at: number;
  origin: number;
  onTurn: (value: number) => void;
}) {
  const { dial, at, origin, onTurn } = props;
  const wide = dial.high - dial.low || 1;
  const low = Math.min(dial.low - BEYOND * wide, at, origin);
  const high = Math.max(dial.high + BEYOND * wide, at, origin);
  const share = (value: number) => `${(100 * (value - low)) / (high - low || 1)}%`;
  const far = beyond(dial, at);
  const words =
    far > 0
      ? `${figure(at)}, beyond the samples by ${figure(far)} of their range`
      : `${figure(at)}, among the samples`;
  const style = { "--from": share(dial.low), "--to": share(dial.high), "--origin": share(origin) };
  return (
    <li class={far > 0 ? "ls-dial ls-beyond" : "ls-dial"}>
      <span class="ls-dial-name" title={dial.meaning}>
        <b>{dial.title}</b>
        <small>
          {figure(dial.rate)} {dial.rate_unit}
        </small>
      </span>
      <span class="ls-track" style={style}>
        <input
          type="range"
          min={low}
          max={high}
          step={(high - low) / 400}
          value={at}
          aria-label={`${dial.title}: ${dial.meaning}`}
          aria-valuetext={words}
          onInput={(event) => onTurn(Number(event.currentTarget.value))}
          onDblClick={() => onTurn(origin)}
        />
      </span>
      <output>
        {figure(at)}
        {far > 0 && <Icon name="warn" />}
      </output>
      <IconButton
        icon="close"
        name={`Put ${dial.title} back`}
        disabled={Math.abs(at - origin) < 1e-6 * wide}
        onClick={() => onTurn(origin)}
      />
    </li>
  );
}
