/** Travel: a way through chosen samples, decoded frame by frame, beside what a dissolve shows. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { Series, Travel, WayCard } from "../api/bodies";
import { Newest } from "../app/newest";
import { complain, explained, overlay, type State, say } from "../app/state";
import { LineChart } from "../look/chart";
import { Player, Strip } from "../look/frames";
import { Icon } from "../look/icons";
import {
  Fault,
  IconButton,
  Impossible,
  Measures,
  Picture,
  sentence,
  Thumb,
  Waiting,
} from "../look/parts";
import type { Path } from "../scatter/scatter";
import type { FilmKind, Journey, Travelled } from "../source/source";
import type { PanelProps } from "./index";

const MOST_KEYS = 12;
const USUAL = 5;
const STEPS = { least: 3, most: 64 };

interface Asked {
  readonly key: string;
  readonly journey: Journey;
}

export function TravelPanel({ state, source }: PanelProps) {
  const found = useSignal<Travelled | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  const waiting = useSignal(false);
  const at = useSignal(0);
  useSignalEffect(() => {
    const newest = new Newest<Asked, Travelled>({
      ask: ({ key, journey }, signal) => source.travel(key, journey, signal),
      tell: (travelled) => {
        found.value = travelled;
        fault.value = null;
        waiting.value = false;
        at.value = Math.min(at.peek(), travelled.frames.n - 1);
        say(state, `${travelled.travel.verdict}: ${travelled.travel.verdict_words}`);
      },
      fail: (reason) => {
        fault.value = explained(reason);
        waiting.value = false;
      },
    });
    const asked = { key: state.key.value, journey: fitting(state.journey.value) };
    const timer = setTimeout(() => {
      if (asked.journey.rows.length < 2) {
        found.value = null;
        fault.value = null;
        waiting.value = false;
        return;
      }
      waiting.value = true;
      newest.ask(asked);
    }, 120);
    return () => {
      clearTimeout(timer);
      newest.stop();
    };
  });
  useOverlay(state, found, at);
  const rows = state.journey.value.rows;
  return (
    <div class="ls-travel">
      <Keys state={state} />
      {rows.length >= 2 && <Way state={state} />}
      {waiting.value && (
        <Waiting text={isSlow(state) ? "Searching the way; this one takes long" : "Travelling"} />
      )}
      {fault.value && <Fault {...fault.value} />}
      {found.value && !fault.value && (
        <Shown state={state} travelled={found.value} at={at.value} onAt={(i) => (at.value = i)} />
      )}
    </div>
  );
}

/** A journey in frames enough for its samples. */
export function fitting(journey: Journey): Journey {
  const least = Math.max(STEPS.least, 2 * journey.rows.length - 1);
  return { ...journey, nSteps: Math.min(Math.max(least, journey.nSteps), STEPS.most) };
}

/** The way on the map while the panel is open: dots where frames stand, a ring at the one shown. */
function useOverlay(
  state: State,
  found: { readonly value: Travelled | null },
  at: { readonly value: number },
): void {
  useSignalEffect(() => {
    const map = state.map.value?.name ?? "";
    const { rows } = state.journey.value;
    const places = found.value?.travel.places?.[map];
    if (!places || rows.length < 2) {
      const straight = keysOnMap(state, rows);
      const path: Path = { points: straight, width: 1.5, dash: [4, 4] };
      const first: Path[] = straight.length > 2 ? [path] : [];
      overlay(state, "travel", { paths: first, markers: rings(straight) });
    } else {
      const [x, y] = places[at.value] ?? places[0] ?? [0, 0];
      overlay(state, "travel", {
        paths: [{ points: places.flat(), width: 2.5, dots: true }],
        markers: [...rings(keysOnMap(state, rows)), { x, y, kind: "dot" }],
      });
    }
    return () => overlay(state, "travel", null);
  });
}

function keysOnMap(state: State, rows: readonly number[]): number[] {
  const positions = state.points.value?.positions;
  return rows.flatMap((row) => {
    const index = state.indexOf.value[row] ?? -1;
    if (index < 0 || !positions) return [];
    return [positions[2 * index] as number, positions[2 * index + 1] as number];
  });
}

function rings(points: readonly number[]) {
  return Array.from({ length: points.length / 2 }, (_, i) => ({
    x: points[2 * i] as number,
    y: points[2 * i + 1] as number,
    kind: "ring" as const,
    label: String(i + 1),
  }));
}

/** The samples on the way, in their order. */
function Keys({ state }: { state: State }) {
  const { rows } = state.journey.value;
  const picking = state.picking.value !== null;
  const put = (next: readonly number[]) => {
    state.journey.value = { ...state.journey.value, rows: next };
  };
  const pick = () => {
    state.picking.value = picking
      ? null
      : (row) => {
          const before = state.journey.peek().rows;
          if (before.at(-1) !== row) put([...before, row]);
          const enough = before.length >= 1;
          if (enough || before.length + 1 >= MOST_KEYS) state.picking.value = null;
          say(state, `sample ${row} is number ${before.length + 1} on the way`);
        };
  };
  const selected = state.selection.value;
  const { pinned } = state;
  return (
    <section class="ls-section" aria-label="Samples on the way">
      {rows.length === 0 && (
        <p class="ls-lead">
          Choose two samples or more. The way between them is decoded step by step and held against
          a plain dissolve of its ends.
        </p>
      )}
      {rows.length > 0 && (
        <ol class="ls-keyframes" aria-label="Samples on the way">
          {rows.map((row, i) => (
            <li key={`${row} ${String(i)}`}>
              <Thumb state={state} row={row} label={`sample ${row}, number ${i + 1}`} />
              <IconButton
                icon="close"
                name={`Take sample ${i + 1} off the way`}
                onClick={() => put(rows.filter((_, k) => k !== i))}
              />
              {i < rows.length - 1 && <Icon name="right" />}
            </li>
          ))}
        </ol>
      )}
      <div class="ls-row">
        {rows.length < MOST_KEYS && (
          <button
            type="button"
            class={`ls-button ${rows.length < 2 && !picking ? "ls-primary" : ""}`}
            aria-pressed={picking}
            onClick={pick}
          >
            <Icon name="plus" />{" "}
            {picking ? "Click a sample on the map" : rows.length === 0 ? "Pick on the map" : "Add"}
          </button>
        )}
        {rows.length < MOST_KEYS && pinned.value !== null && rows.at(-1) !== pinned.value && (
          <button
            type="button"
            class="ls-button"
            onClick={() => put([...rows, pinned.value as number])}
          >
            Add the sample shown
          </button>
        )}
        {rows.length === 0 && selected.length >= 2 && (
          <button type="button" class="ls-button" onClick={() => put(selected.slice(0, MOST_KEYS))}>
            Through the selection
          </button>
        )}
        {rows.length === 0 && (
          <button type="button" class="ls-button" onClick={() => put(anyTwo(state))}>
            Any two
          </button>
        )}
        {rows.length >= 2 && (
          <button type="button" class="ls-button" onClick={() => put([...rows].reverse())}>
            Turn round
          </button>
        )}
        {rows.length > 0 && (
          <button type="button" class="ls-link" onClick={() => put([])}>
            Clear
          </button>
        )}
      </div>
    </section>
  );
}

/** Two samples by chance, of two classes where these are known. */
function anyTwo(state: State): number[] {
  const rows = state.points.peek()?.rows ?? new Uint32Array([0, 1]);
  const labels = state.coloured.peek()?.name === "label" ? state.values.peek() : null;
  const draw = () => rows[Math.floor(Math.random() * rows.length)] ?? 0;
  const first = draw();
  let second = draw();
  for (let i = 0; i < 50; i++) {
    if (second !== first && (!labels || labels[first] !== labels[second])) break;
    second = draw();
  }
  return second === first ? [first, first === 0 ? 1 : 0] : [first, second];
}

function isSlow(state: State): boolean {
  const { method } = state.journey.value;
  return state.exhibit.value.ways.some((way) => way.name === method && way.slow);
}

/** How the samples are joined, and in how many frames. */
function Way({ state }: { state: State }) {
  const { ways } = state.exhibit.value;
  const journey = state.journey.value;
  const chosen = ways.find(({ name }) => name === journey.method);
  const usual = ways.slice(0, USUAL);
  const others = ways.slice(USUAL);
  const { nSteps } = fitting(journey);
  const take = (method: string) => {
    state.journey.value = { ...journey, method };
  };
  return (
    <section class="ls-section" aria-label="How">
      <Chips ways={usual} chosen={journey.method} onChoose={take} />
      {others.length > 0 && (
        <label class="ls-select">
          <span>other ways</span>
          <select
            value={others.some(({ name }) => name === journey.method) ? journey.method : ""}
            onChange={(event) => event.currentTarget.value && take(event.currentTarget.value)}
          >
            <option value="">choose</option>
            {others.map(({ name, slow }) => (
              <option key={name} value={name}>
                {name}
                {slow ? " (slow)" : ""}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </label>
      )}
      {chosen && (
        <p class="ls-small">
          {chosen.meaning}
          {chosen.slow && " It is searched with the decoder, which takes long."}
        </p>
      )}
      <label class="ls-slider">
        <span>frames</span>
        <input
          type="range"
          min={fitting({ ...journey, nSteps: 0 }).nSteps}
          max={STEPS.most}
          value={nSteps}
          onInput={(event) => {
            const wanted = Number(event.currentTarget.value);
            state.journey.value = { ...state.journey.value, nSteps: wanted };
          }}
        />
        <output>{nSteps}</output>
      </label>
    </section>
  );
}

function Chips(props: {
  ways: readonly WayCard[];
  chosen: string;
  onChoose: (name: string) => void;
}) {
  return (
    <fieldset class="ls-chips">
      <legend class="ls-unseen">Way</legend>
      {props.ways.map(({ name, meaning }) => (
        <label key={name} title={meaning}>
          <input
            type="radio"
            name="ls-way"
            value={name}
            checked={name === props.chosen}
            onChange={() => props.onChoose(name)}
          />
          <span>{name.replaceAll("-", " ")}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Shown(props: {
  state: State;
  travelled: Travelled;
  at: number;
  onAt: (place: number) => void;
}) {
  const { state, travelled, at, onAt } = props;
  const playing = useSignal(false);
  const loops = useSignal(true);
  const { travel, frames, dissolve } = travelled;
  const n = frames.n;
  return (
    <>
      <section class="ls-section" aria-label="Frames">
        <div class="ls-pair">
          <figure>
            <Picture pixels={frames} index={at} label={`frame ${at + 1} of ${n} on the way`} />
            <figcaption>decoded on the way</figcaption>
          </figure>
          <figure>
            <Picture pixels={dissolve} index={at} label={`frame ${at + 1} of ${n}, dissolved`} />
            <figcaption>plain dissolve of the ends</figcaption>
          </figure>
        </div>
        <Player
          n={n}
          at={at}
          name="Frame"
          words={`${at + 1} of ${n}`}
          playing={playing.value}
          loops={loops.value}
          onAt={onAt}
          onPlaying={(on) => (playing.value = on)}
          onLoops={(on) => (loops.value = on)}
        />
        <Strip
          pixels={frames}
          label="Frames on the way"
          at={at}
          keys={travel.key_steps}
          onChoose={onAt}
        />
        <Strip pixels={dissolve} label="Frames of the dissolve" at={at} onChoose={onAt} />
      </section>
      <Verdict travel={travel} />
      <Curves series={travel.series} at={at} onAt={onAt} />
      <section class="ls-section" aria-label="Numbers">
        <details class="ls-more">
          <summary>All numbers of the way</summary>
          <Measures measures={travel.numbers} caption="Numbers of the way" />
        </details>
        <Save state={state} />
      </section>
    </>
  );
}

function Verdict({ travel }: { travel: Travel }) {
  const legs = travel.verdict_words.split("; leg ");
  return (
    <section class="ls-section" aria-label="Verdict">
      <p class="ls-verdict">
        <b data-testid="verdict">{travel.verdict}</b>
        {travel.pattern && <span class="ls-small">style curve: {travel.pattern}</span>}
      </p>
      {legs.map((text, i) => (
        <p key={text}>{sentence(i > 0 ? `leg ${text}` : text)}</p>
      ))}
    </section>
  );
}

/** Style first, with its null beside; the others behind one click. */
function Curves(props: { series: readonly Series[]; at: number; onAt: (place: number) => void }) {
  const { series, at, onAt } = props;
  const [style, ...others] = series;
  if (!style) return null;
  return (
    <section class="ls-section" aria-label="Curves">
      <Curve series={style} at={at} onAt={onAt} />
      {others.length > 0 && (
        <details class="ls-more">
          <summary>More curves: blend, energy off it, nearness to data</summary>
          {others.map((one) => (
            <Curve key={one.name} series={one} at={at} onAt={onAt} />
          ))}
        </details>
      )}
    </section>
  );
}

function Curve(props: { series: Series; at: number; onAt: (place: number) => void }) {
  const { series, at, onAt } = props;
  const between = series.name === "style";
  const curves = [{ name: "the way", values: series.values }];
  const beside = { name: nullName(series), values: series.null, dashed: true };
  return (
    <div>
      <LineChart
        title={series.title.charAt(0).toUpperCase() + series.title.slice(1)}
        unit={series.unit}
        curves={series.null.length > 0 ? [...curves, beside] : curves}
        at={series.values.map((_, i) => (between ? i + 1.5 : i + 1))}
        across="frame"
        chosen={Math.min(at, series.values.length - 1)}
        onChoose={onAt}
      />
      {series.null_words && <p class="ls-small">Dashed: {series.null_words}.</p>}
    </div>
  );
}

function nullName(series: Series): string {
  return series.null_words.startsWith("data") ? "data" : "dissolve";
}

function Save({ state }: { state: State }) {
  const busy = useSignal<FilmKind | null>(null);
  const name = useComputed(() => {
    const { rows, method } = state.journey.value;
    return `${state.exhibit.value.name.replace(/[^\w.-]+/g, "-")}-${rows.join("-")}-${method}`;
  });
  const save = async (kind: FilmKind) => {
    busy.value = kind;
    try {
      const blob = await state.source.film(state.key.value, fitting(state.journey.value), kind);
      download(blob, `${name.value}.${kind}`);
    } catch (reason) {
      complain(state, reason);
    }
    busy.value = null;
  };
  const films = state.exhibit.value.abilities?.films;
  if (films && !films.possible) return <Impossible ability={films} />;
  return (
    <div class="ls-row ls-save">
      <span class="ls-muted">Save</span>
      {(["gif", "mp4", "npz"] as const).map((kind) => (
        <button
          type="button"
          key={kind}
          class="ls-button"
          disabled={busy.value !== null}
          aria-label={`Save as ${kind === "npz" ? "npz" : kind.toUpperCase()}`}
          onClick={() => save(kind)}
        >
          {busy.value === kind ? "…" : kind === "npz" ? "npz" : kind.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

/** Hand a file to the reader. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
