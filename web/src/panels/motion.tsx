/** Motion: triplets and shots as arrows, true and guessed middle frames, displacement against flow. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { Newest } from "../app/newest";
import { explained, overlay, type State, say } from "../app/state";
import { DotChart } from "../look/chart";
import { Fault, IconButton, Measures, Picture, Segmented, Waiting } from "../look/parts";
import { count, figure, many } from "../look/words";
import type { Path } from "../scatter/scatter";
import type { Middles, Motion } from "../source/source";
import type { PanelProps } from "./index";

const MOST_ARROWS = 250;
const MOST_DOTS = 1500;
type Drawn = "triplets" | "shots" | "this one";

export function MotionPanel({ state, source }: PanelProps) {
  const known = useSignal<Motion | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  useSignalEffect(() => {
    const key = state.key.value;
    state.shelf
      .keep(`motion ${key}`, () => source.motion(key))
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
  if (!known.value) return <Waiting text="Looking at what moves" />;
  return <Told state={state} known={known.value} />;
}

function Told({ state, known }: { state: State; known: Motion }) {
  const { card } = known;
  const chosen = useSignal(0);
  const drawn = useSignal<Drawn>("triplets");
  useArrows(state, known, chosen, drawn);
  const choose = (triplet: number) => {
    chosen.value = triplet;
    say(state, `triplet ${card.names[triplet]}`);
  };
  const told = useComputed(() => dotsOf(known));
  const n = card.names.length;
  const at = told.value.findIndex(({ triplet }) => triplet === chosen.value);
  return (
    <>
      <section class="ls-section" aria-label="On the map">
        <p class="ls-small">
          {many(n, "triplet")} of first, middle and last frame
          {card.shots.length > 0 && `; ${many(card.shots.length, "course")} of shots`}.
        </p>
        <div class="ls-row">
          <span class="ls-muted">On the map</span>
          <Segmented<Drawn>
            name="Drawn on the map"
            options={[
              { value: "triplets", title: "triplets", hint: "an arrow from first to last frame" },
              { value: "shots", title: "shots", hint: "the course of every shot" },
              { value: "this one", title: "this one", hint: "the chosen triplet alone" },
            ]}
            value={drawn.value}
            onChange={(value) => {
              drawn.value = value;
            }}
          />
        </div>
      </section>
      <section class="ls-section" aria-label="Triplet">
        <div class="ls-row ls-between">
          <IconButton
            icon="left"
            name="Triplet before"
            disabled={chosen.value === 0}
            onClick={() => choose(chosen.value - 1)}
          />
          <h3 class="ls-id">{card.names[chosen.value]}</h3>
          <IconButton
            icon="right"
            name="Next triplet"
            disabled={chosen.value >= n - 1}
            onClick={() => choose(chosen.value + 1)}
          />
        </div>
        <p class="ls-small">
          {count(chosen.value + 1)} of {count(n)}; optical flow {figure(known.flow[chosen.value])}{" "}
          pixels, displacement {figure(known.displacement[chosen.value])} in the latent space.
        </p>
        <MiddleFrames state={state} triplet={chosen.value} />
      </section>
      <section class="ls-section" aria-label="Displacement and flow">
        {told.value.length > 0 ? (
          <DotChart
            title="Does the latent move as far as the picture?"
            dots={told.value}
            each="triplet"
            across="optical flow, pixels"
            upwards="displacement ‖z₃ − z₁‖"
            chosen={at < 0 ? null : at}
            onChoose={(index) => choose(told.value[index]?.triplet ?? 0)}
          />
        ) : (
          <p class="ls-small">Optical flow is not known of these triplets.</p>
        )}
        {card.numbers.length > 0 && (
          <details class="ls-more" open={told.value.length === 0}>
            <summary>Numbers of all triplets</summary>
            <Measures measures={card.numbers} caption="Numbers of all triplets" />
          </details>
        )}
      </section>
    </>
  );
}

/** A dot a triplet whose flow is known; of very many, evenly through them. */
export function dotsOf(known: Motion) {
  const all = known.card.names.flatMap((name, triplet) => {
    const [x, y] = [known.flow[triplet], known.displacement[triplet]];
    if (x === undefined || y === undefined || !Number.isFinite(x + y)) return [];
    return [{ x, y, name, triplet }];
  });
  const step = Math.ceil(all.length / MOST_DOTS);
  return step > 1 ? all.filter((_, i) => i % step === 0) : all;
}

/** What is drawn on the map: arrows of triplets or courses of shots, and the chosen one above. */
function useArrows(
  state: State,
  known: Motion,
  chosen: { readonly value: number },
  drawn: { readonly value: Drawn },
): void {
  useSignalEffect(() => {
    const place = placer(state);
    const { triplets, courses, lengths } = known;
    const three = [0, 1, 2].flatMap((i) => place(triplets[3 * chosen.value + i] ?? -1));
    const paths: Path[] = [];
    const arrows: number[] = [];
    if (drawn.value === "triplets") {
      const n = triplets.length / 3;
      const step = Math.max(1, Math.ceil(n / MOST_ARROWS));
      for (let t = 0; t < n; t += step) {
        const ends = [...place(triplets[3 * t] ?? -1), ...place(triplets[3 * t + 2] ?? -1)];
        if (ends.length === 4) arrows.push(...ends);
      }
    } else if (drawn.value === "shots") {
      let start = 0;
      for (const length of lengths) {
        const rows = courses.subarray(start, start + length);
        paths.push({ points: [...rows].flatMap(place), width: 1.2 });
        start += length;
      }
    }
    if (three.length === 6) paths.push({ points: three, width: 3, dots: true });
    const names = ["first", "", "last"];
    overlay(state, "motion", {
      paths,
      arrows: Float32Array.from(arrows),
      arrowStyle: { width: 1, opacity: 0.5, head: 6 },
      markers: names.flatMap((label, i) => {
        const [x, y] = place(triplets[3 * chosen.value + i] ?? -1);
        return x === undefined || y === undefined ? [] : [{ x, y, kind: "ring" as const, label }];
      }),
    });
    return () => overlay(state, "motion", null);
  });
}

/** From a sample to its x and y on the map, or to nothing where it is not on it. */
function placer(state: State): (row: number) => number[] {
  const positions = state.points.value?.positions;
  const index = state.indexOf.value;
  return (row) => {
    const i = index[row] ?? -1;
    if (i < 0 || !positions) return [];
    return [positions[2 * i] as number, positions[2 * i + 1] as number];
  };
}

/** First, true middle and last; then each guess with its error. */
function MiddleFrames({ state, triplet }: { state: State; triplet: number }) {
  const found = useSignal<Middles | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  const wanted = useSignal(triplet);
  wanted.value = triplet;
  const newest = useComputed(
    () =>
      new Newest<{ key: string; triplet: number }, Middles>({
        ask: ({ key, triplet: one }, signal) => state.source.middles(key, one, signal),
        tell: (middles) => {
          found.value = middles;
          fault.value = null;
        },
        fail: (reason) => {
          fault.value = explained(reason);
        },
      }),
  );
  useSignalEffect(() => {
    newest.value.ask({ key: state.key.value, triplet: wanted.value });
  });
  useSignalEffect(() => () => newest.peek().stop());
  if (fault.value) return <Fault {...fault.value} />;
  if (!found.value) return <Waiting text="Decoding the middle" />;
  const { pixels, names, errors, words } = found.value;
  const told = errors.filter((error): error is number => error !== null);
  const most = Math.max(...told, 1e-12);
  return (
    <>
      <ol class="ls-triplet" aria-label="The three frames">
        {names.slice(0, 3).map((name, i) => (
          <li key={name}>
            <Picture pixels={pixels} index={i} label={name} />
            <span>{name}</span>
          </li>
        ))}
      </ol>
      <h4>The middle, guessed</h4>
      <ol class="ls-guesses" aria-label="Guessed middles">
        {names.slice(3).map((name, i) => (
          <li key={name}>
            <Picture pixels={pixels} index={i + 3} label={name} />
            <span>{name}</span>
            <Missed value={errors[i + 3] ?? null} most={most} least={Math.min(...told)} />
          </li>
        ))}
      </ol>
      {words && <p class="ls-small">{words}</p>}
    </>
  );
}

function Missed(props: { value: number | null; most: number; least: number }) {
  const { value, most, least } = props;
  if (value === null) return null;
  return (
    <span class="ls-error">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="6" class="ls-rest" />
        <rect width={(100 * value) / most} height="6" />
      </svg>
      <b>{figure(value)}</b>
      <small>mse</small>
      {value === least && <span>least of all</span>}
    </span>
  );
}
