/** Compare: two to four runs on the same samples: linked maps, one pair travelled in each, measures. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Measure } from "../api/bodies";
import { suitOf } from "../app/map_view";
import { explained, pin, type State, say, still } from "../app/state";
import { Player, Strip } from "../look/frames";
import { Icon } from "../look/icons";
import { Fault, Impossible, sentence, spelled, Thumb, Waiting } from "../look/parts";
import { count, direction, figure, interval, many } from "../look/words";
import { createScatter } from "../scatter";
import type { Scatter } from "../scatter/scatter";
import type { Compared, Travelled } from "../source/source";
import type { PanelProps } from "./index";
import { fitting } from "./travel";

const MOST = 4;

export function ComparePanel({ state, source }: PanelProps) {
  const { exhibits } = state.exhibition;
  const keys = useSignal<readonly string[]>(firstKeys(state));
  const methods = [...new Set(exhibits.flatMap(({ maps }) => maps.map(({ method }) => method)))];
  const method = useSignal(state.map.peek()?.method ?? methods[0] ?? "pca");
  const found = useSignal<Compared | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  useSignalEffect(() => {
    const [asked, map] = [keys.value, method.value];
    if (asked.length < 2) return;
    let wanted = true;
    state.shelf
      .keep(`compare ${asked.join()} ${map}`, () => source.compare(asked, map))
      .then(
        (compared) => {
          if (!wanted) return;
          found.value = compared;
          fault.value = null;
        },
        (reason) => {
          if (wanted) fault.value = explained(reason);
        },
      );
    return () => {
      wanted = false;
    };
  });
  const toggle = (key: string) => {
    const now = keys.value;
    const next = now.includes(key) ? now.filter((one) => one !== key) : [...now, key];
    if (next.length >= 2 && next.length <= MOST) keys.value = next;
  };
  return (
    <div class="ls-compare">
      {exhibits.length > 2 && (
        <fieldset class="ls-chips">
          <legend class="ls-small">Two to four runs</legend>
          {exhibits.map(({ key, name }) => (
            <label key={key}>
              <input
                type="checkbox"
                checked={keys.value.includes(key)}
                onChange={() => toggle(key)}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
      {methods.length > 1 && (
        <label class="ls-select">
          <span>maps</span>
          <select
            value={method.value}
            onChange={(event) => {
              method.value = event.currentTarget.value;
            }}
          >
            {methods.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </label>
      )}
      {fault.value && <Fault {...fault.value} />}
      {!found.value && !fault.value && <Waiting text="Laying runs side by side" />}
      {found.value && !fault.value && <Beside state={state} compared={found.value} />}
    </div>
  );
}

function firstKeys(state: State): string[] {
  const all = state.exhibition.exhibits.map(({ key }) => key);
  const first = state.key.peek();
  return [first, ...all.filter((key) => key !== first)].slice(0, all.length > 2 ? 2 : MOST);
}

/** Which shared sample is pointed at, and which two are travelled between. */
function Beside({ state, compared }: { state: State; compared: Compared }) {
  const { sides, n, words } = compared.sides;
  const pointed = useSignal<number | null>(null);
  const pair = useSignal<readonly number[]>(pairFrom(state, compared));
  const choose = (index: number) => {
    const before = pair.value;
    pair.value =
      before.length >= 2 ? [index] : before.includes(index) ? before : [...before, index];
    const row = compared.rows[state.key.value]?.[index];
    if (row !== undefined && state.picking.value) pin(state, row);
    say(state, `sample ${pair.value.length} of the pair chosen`);
  };
  return (
    <>
      <section class="ls-section" aria-label="Maps side by side">
        <div class="ls-sides" data-n={sides.length}>
          {sides.map((side, i) => (
            <figure key={side.key}>
              <figcaption>
                <b>{side.name}</b>
                <small>
                  {side.map}
                  {side.disparity !== null && side.disparity !== undefined
                    ? `, disparity ${figure(side.disparity)}`
                    : i === 0 && ", as it is"}
                </small>
              </figcaption>
              <SideMap
                state={state}
                compared={compared}
                side={side.key}
                pointed={pointed}
                pair={pair}
                onChoose={choose}
              />
            </figure>
          ))}
        </div>
        <Pointed state={state} compared={compared} index={pointed.value} />
        <p class="ls-small">
          {many(n, "shared sample")}. {words} Disparity is the share of the first map's variance
          that is left between both: 0 one shape, 1 nothing in common.
        </p>
      </section>
      <Both state={state} compared={compared} pair={pair.value} />
      <Table state={state} compared={compared} />
    </>
  );
}

/** The pair that is travelled already, where both are shared. */
function pairFrom(state: State, compared: Compared): readonly number[] {
  const rows = compared.rows[state.key.peek()];
  const journey = state.journey.peek().rows;
  if (!rows || journey.length < 2) return [];
  const ends = [journey[0] as number, journey.at(-1) as number];
  const found = ends.map((row) => rows.indexOf(row));
  return found.every((index) => index >= 0) ? found : [];
}

interface SideProps {
  state: State;
  compared: Compared;
  side: string;
  pointed: { value: number | null };
  pair: { readonly value: readonly number[] };
  onChoose: (index: number) => void;
}

/** One run's map; what is pointed at in one is lit in all, and all show the same part. */
function SideMap({ state, compared, side, pointed, pair, onChoose }: SideProps) {
  const host = useRef<HTMLDivElement>(null);
  const own = useSignal<Scatter | null>(null);
  const latest = useRef(onChoose);
  latest.current = onChoose;
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const card = compared.sides.sides.find(({ key }) => key === side);
    const scatter = createScatter(element, {
      theme: suitOf(element),
      label: `${card?.map ?? ""} map of ${card?.name ?? ""}`,
      wheel: "focused",
      still: still(),
    });
    scatter.setPoints({ positions: compared.positions[side] ?? new Float32Array() });
    paintClasses(state, scatter, compared, side);
    scatter.on("hover", (at) => {
      pointed.value = at?.index ?? null;
    });
    scatter.on("click", ({ index }) => {
      if (index !== null) latest.current(index);
    });
    own.value = scatter;
    return () => {
      own.value = null;
      scatter.destroy();
    };
  }, [compared, side, state]);
  useSignalEffect(() => {
    state.theme.value;
    const element = host.current;
    const scatter = own.value;
    if (element && scatter) requestAnimationFrame(() => scatter.setTheme(suitOf(element)));
  });
  useSignalEffect(() => own.value?.setHighlight(pointed.value));
  useSignalEffect(() => {
    const positions = compared.positions[side];
    const places = pair.value.map(
      (index) => [positions?.[2 * index] ?? 0, positions?.[2 * index + 1] ?? 0] as const,
    );
    own.value?.setMarkers(
      places.map(([x, y], i) => ({ x, y, kind: "ring", label: String(i + 1) })),
    );
    own.value?.setPaths(
      places.length === 2 ? [{ points: places.flat(), width: 1.5, dash: [4, 4] }] : [],
    );
  });
  return <div class="ls-side-map" ref={host} />;
}

/** Classes of the shared samples, as the first run that has them says. */
function paintClasses(state: State, scatter: Scatter, compared: Compared, side: string): void {
  const rows = compared.rows[side];
  const card = state.exhibition.exhibits.find(({ key }) => key === side);
  if (!rows || !card?.columns.some(({ name }) => name === "label")) {
    scatter.setColours(null, { kind: "single", colour: "#5a87ff" });
    return;
  }
  state.shelf.column(side, "label").then(
    (labels) =>
      scatter.setColours(
        Float32Array.from(rows, (row) => labels[row] ?? -1),
        { kind: "category" },
      ),
    () => {},
  );
}

function Pointed(props: { state: State; compared: Compared; index: number | null }) {
  const { state, compared, index } = props;
  const key = state.key.value;
  const row = index === null ? undefined : compared.rows[key]?.[index];
  return (
    <p class="ls-pointed ls-small">
      {row === undefined ? (
        "Point at a sample to see it in every map; click two to travel between them."
      ) : (
        <>
          <span class="ls-mini">
            <Thumb state={state} row={row} label="" />
          </span>
          sample {row} of {state.exhibit.value.name}, ringed in every map
        </>
      )}
    </p>
  );
}

/** The same pair travelled in each run. */
function Both(props: { state: State; compared: Compared; pair: readonly number[] }) {
  const { state, compared, pair } = props;
  const at = useSignal(0);
  const playing = useSignal(false);
  const [a, b] = pair;
  const { nSteps, method } = state.journey.value;
  if (a === undefined || b === undefined) {
    return (
      <section class="ls-section" aria-label="The same pair travelled in each">
        <h3>The same pair in each</h3>
        <p class="ls-lead">
          {a === undefined
            ? "Click two samples on any of the maps above."
            : "One is chosen; click the other."}
        </p>
      </section>
    );
  }
  return (
    <section class="ls-section" aria-label="The same pair travelled in each">
      <h3>The same pair in each</h3>
      <p class="ls-small">
        {fitting({ rows: [0, 1], method, nSteps }).nSteps} frames, {method.replaceAll("-", " ")}: as
        chosen in Travel.
      </p>
      <Player
        n={fitting({ rows: [0, 1], method, nSteps }).nSteps}
        at={at.value}
        name="Frame in every run"
        words={`frame ${at.value + 1}`}
        playing={playing.value}
        loops
        onAt={(place) => {
          at.value = place;
        }}
        onPlaying={(on) => {
          playing.value = on;
        }}
      />
      {compared.sides.sides.map(({ key, name }) => (
        <One
          key={`${key} ${a} ${b}`}
          state={state}
          run={key}
          name={name}
          rows={[compared.rows[key]?.[a] ?? 0, compared.rows[key]?.[b] ?? 0]}
          at={at.value}
          onAt={(place) => {
            playing.value = false;
            at.value = place;
          }}
        />
      ))}
    </section>
  );
}

function One(props: {
  state: State;
  run: string;
  name: string;
  rows: readonly number[];
  at: number;
  onAt: (place: number) => void;
}) {
  const { state, run, name, rows, at, onAt } = props;
  const found = useSignal<Travelled | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  const card = state.exhibition.exhibits.find(({ key }) => key === run);
  const ability = card?.abilities?.travel;
  const journey = useComputed(() => fitting({ ...state.journey.value, rows }));
  useSignalEffect(() => {
    if (!ability?.possible) return;
    const control = new AbortController();
    state.source.travel(run, journey.value, control.signal).then(
      (travelled) => {
        found.value = travelled;
        fault.value = null;
      },
      (reason) => {
        if (!control.signal.aborted) fault.value = explained(reason);
      },
    );
    return () => control.abort();
  });
  return (
    <div class="ls-one-run">
      <h4>{name}</h4>
      {ability && !ability.possible && <Impossible ability={ability} />}
      {fault.value && <Fault {...fault.value} />}
      {ability?.possible && !found.value && !fault.value && <Waiting text="Travelling" />}
      {found.value && (
        <>
          <Strip
            pixels={found.value.frames}
            label={`Frames of ${name}`}
            at={Math.min(at, found.value.frames.n - 1)}
            onChoose={onAt}
          />
          <p class="ls-small">
            <b>{found.value.travel.verdict}</b>
            {found.value.travel.pattern && `, style curve: ${found.value.travel.pattern}`}.{" "}
            {sentence(found.value.travel.verdict_words)}
          </p>
        </>
      )}
    </div>
  );
}

/** A row of the table: the same measure of every run, and which of them no other is told apart from. */
interface Line {
  readonly measures: Readonly<Record<string, Measure>>;
  readonly best: readonly string[];
}

/** Topics in their order, each with its lines. */
export function topicsOf(compared: Compared): readonly (readonly [string, readonly Line[]])[] {
  const topics = new Map<string, Line[]>();
  compared.sides.measures.forEach((measures, i) => {
    const topic = compared.sides.topics[i] ?? "";
    const lines = topics.get(topic) ?? [];
    lines.push({ measures, best: compared.sides.best[i] ?? [] });
    topics.set(topic, lines);
  });
  return [...topics];
}

function Table({ state, compared }: { state: State; compared: Compared }) {
  const { sides } = compared.sides;
  const topics = useComputed(() => topicsOf(compared));
  if (topics.value.length === 0) {
    return (
      <section class="ls-section" aria-label="Measures">
        <h3>Measures</h3>
        <p class="ls-small">
          No two of these runs were measured on the same images. Measure them:{" "}
          <code>latentscape measure reconstruction RUN</code>
        </p>
      </section>
    );
  }
  return (
    <section class="ls-section" aria-label="Measures">
      <h3>Measures</h3>
      <p class="ls-small">
        Below each number its interval. A tick marks what is best, and all that is not told apart
        from it.
      </p>
      {topics.value.map(([topic, lines], i) => (
        <details class="ls-more" key={topic} open={i === 0}>
          <summary>
            {topic || "all"} ({count(lines.length)})
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <div class="ls-scroll" tabIndex={0}>
            <table class="ls-table ls-beside-table">
              <caption class="ls-unseen">{topic} of every run</caption>
              <thead>
                <tr>
                  <th scope="col">measure</th>
                  {sides.map(({ key, name }) => (
                    <th scope="col" key={key}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <Compare key={nameOf(line)} line={line} keys={sides.map(({ key }) => key)} />
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
      {state.exhibition.exhibits.length > sides.length && (
        <p class="ls-small">Choose other runs above.</p>
      )}
    </section>
  );
}

function nameOf(line: Line): string {
  return Object.values(line.measures)[0]?.name ?? "";
}

function Compare({ line, keys }: { line: Line; keys: readonly string[] }) {
  const any = Object.values(line.measures)[0];
  if (!any) return null;
  return (
    <tr>
      <th scope="row" title={any.note}>
        {spelled(any.name)}
        <small>{[any.unit, direction(any.better)].filter(Boolean).join(", ")}</small>
      </th>
      {keys.map((key) => {
        const measure = line.measures[key];
        const best = line.best.includes(key);
        return (
          <td key={key} class={best ? "ls-best" : ""}>
            {measure ? (
              <>
                {best && (
                  <>
                    <Icon name="tick" />
                    <span class="ls-unseen">
                      {line.best.length === 1 ? "best: " : "not told apart from the best: "}
                    </span>
                  </>
                )}
                {figure(measure.value)}{" "}
                {interval(measure) && <small title={measure.interval}>{interval(measure)}</small>}
              </>
            ) : (
              "—"
            )}
          </td>
        );
      })}
    </tr>
  );
}
