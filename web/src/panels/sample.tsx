/** One sample, or a selection, or an image of the reader's own; else what is known of the run. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { median } from "d3-array";
import type { ColumnCard, SampleCard } from "../api/bodies";
import { indexAt, show } from "../app/map_view";
import { ClassName } from "../app/pointer";
import { can, explained, pin, type State, select } from "../app/state";
import { Icon } from "../look/icons";
import { Fault, Impossible, Measures, Picture, Thumb, Waiting } from "../look/parts";
import { classColour } from "../look/tokens";
import { count, direction, figure, many, titled, withUnit } from "../look/words";
import type { Landed } from "../source/source";
import type { PanelProps } from "./index";

const PAGE = 48;

export function SamplePanel({ state }: PanelProps) {
  const { landed, pinned, selection } = state;
  const empty = !landed.value && pinned.value === null && selection.value.length === 0;
  return (
    <>
      {landed.value && <Own state={state} landed={landed.value} />}
      {pinned.value !== null && <One state={state} row={pinned.value} />}
      {selection.value.length > 0 && <Selected state={state} />}
      {empty && <About state={state} />}
    </>
  );
}

function One({ state, row }: { state: State; row: number }) {
  const card = useSignal<SampleCard | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  useSignalEffect(() => {
    const wanted = state.pinned.value;
    if (wanted === null) return;
    const control = new AbortController();
    state.source.sample(state.key.value, wanted, control.signal).then(
      (found) => {
        card.value = found;
        fault.value = null;
      },
      (reason) => {
        if (!control.signal.aborted) fault.value = explained(reason);
      },
    );
    return () => control.abort();
  });
  if (fault.value) return <Fault {...fault.value} />;
  const found = card.value;
  if (!found || found.row !== row) return <Waiting text="Fetching the sample" />;
  const exhibit = state.exhibit.value;
  const name = exhibit.class_names[found.label];
  const from = [found.group, found.split].filter(Boolean).join(" · ");
  return (
    <section class="ls-section" aria-label={`Sample ${found.sample_id}`}>
      <h3 class="ls-id">{found.sample_id}</h3>
      <p class="ls-row ls-small">
        {name !== undefined && <ClassName code={found.label} name={name} />}
        {from && <span>{from}</span>}
        {indexAt(state, row) === null && <span>not on this map</span>}
      </p>
      <Images state={state} row={row} />
      <div class="ls-row">
        <button type="button" class="ls-button" onClick={() => show(state, row)}>
          <Icon name="pin" /> Show on the map
        </button>
        {can(exhibit, "travel").possible && (
          <button type="button" class="ls-button" onClick={() => travelFrom(state, row)}>
            <Icon name="travel" />
            {state.journey.value.rows.length === 0 ? "Travel from here" : "Travel on to here"}
          </button>
        )}
      </div>
      <Neighbours
        state={state}
        rows={found.neighbours}
        distances={found.distances}
        title="Nearest in the latent space"
      />
      <h4>Its numbers</h4>
      <Numbers state={state} card={found} />
    </section>
  );
}

function travelFrom(state: State, row: number): void {
  const journey = state.journey.value;
  if (journey.rows.at(-1) !== row)
    state.journey.value = { ...journey, rows: [...journey.rows, row] };
  state.panel.value = "travel";
}

function Images({ state, row }: { state: State; row: number }) {
  const exhibit = state.exhibit.value;
  const images = can(exhibit, "images");
  const reconstructions = can(exhibit, "reconstructions");
  if (!images.possible && !reconstructions.possible) return <Impossible ability={images} />;
  return (
    <div class="ls-pair">
      {images.possible && (
        <figure>
          <Thumb state={state} row={row} label="image" side={256} />
          <figcaption>image</figcaption>
        </figure>
      )}
      {reconstructions.possible ? (
        <figure>
          <Thumb state={state} row={row} label="reconstruction" kind="reconstruction" side={256} />
          <figcaption>reconstruction</figcaption>
        </figure>
      ) : (
        <figure>
          <span class="ls-picture ls-empty" role="img" aria-label="no reconstruction" />
          <figcaption>no reconstruction: {reconstructions.why}</figcaption>
        </figure>
      )}
    </div>
  );
}

function Numbers({ state, card }: { state: State; card: SampleCard }) {
  const columns = new Map(state.exhibit.value.columns.map((one) => [one.name, one]));
  const map = state.map.value?.name;
  const rows = card.numbers
    .map(({ name, value, text }) => ({ column: columns.get(name), name, value, text }))
    .filter(({ column }) => !column || column.map === "" || column.map === map)
    .filter(({ column }) => column?.name !== "label");
  if (rows.length === 0) return null;
  return (
    <table class="ls-measures">
      <caption class="ls-unseen">Numbers of this sample</caption>
      <tbody>
        {rows.map(({ column, name, value, text }) => (
          <tr key={name}>
            <th scope="row" title={column?.meaning}>
              {titled(column?.title ?? name)}
              {column && (
                <small>{[column.unit, direction(column.better)].filter(Boolean).join(" · ")}</small>
              )}
            </th>
            <td>
              <b>{text || figure(value)}</b>
              {column?.form === "number" && <Where column={column} value={value} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where a value lies between the exhibit's low and high. */
function Where({ column, value }: { column: ColumnCard; value: number | null }) {
  if (value === null || !(column.high > column.low)) return null;
  const share = Math.min(1, Math.max(0, (value - column.low) / (column.high - column.low)));
  const words = `between ${figure(column.low)} and ${figure(column.high)}, where 98 % of samples lie`;
  return (
    <svg class="ls-where" viewBox="0 0 100 8" role="img" aria-label={words}>
      <title>{words}</title>
      <line x1="0" y1="4" x2="100" y2="4" />
      <circle cx={4 + share * 92} cy="4" r="4" />
    </svg>
  );
}

export function Neighbours(props: {
  state: State;
  rows: readonly number[];
  distances: readonly number[];
  title: string;
}) {
  const { state, rows, distances, title } = props;
  if (rows.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul class="ls-gallery" data-testid="neighbours">
        {rows.map((row, i) => (
          <li key={row}>
            <Tile state={state} row={row} caption={figure(distances[i])} />
          </li>
        ))}
      </ul>
      <p class="ls-small">Below each: its distance, in the latent space's own units.</p>
    </>
  );
}

/** A sample to walk on to. */
function Tile({ state, row, caption }: { state: State; row: number; caption?: string }) {
  const code = labelOf(state, row);
  const name = state.exhibit.value.class_names[code];
  const words = [`sample ${row}`, name, caption && `distance ${caption}`]
    .filter(Boolean)
    .join(", ");
  return (
    <button
      type="button"
      class="ls-tile"
      aria-label={words}
      title={name ?? `sample ${row}`}
      onClick={() => {
        pin(state, row);
        show(state, row);
      }}
    >
      <Thumb state={state} row={row} label="" />
      <span class="ls-tile-foot">
        {name !== undefined && (
          <svg class="ls-dot" viewBox="0 0 10 10" aria-hidden="true">
            <circle cx="5" cy="5" r="5" fill={classColour(code)} />
          </svg>
        )}
        {caption}
      </span>
    </button>
  );
}

/** The class of a sample, where the map is coloured by class; −1 where that is not known here. */
function labelOf(state: State, row: number): number {
  const labelled = state.coloured.value?.name === "label";
  return labelled ? (state.values.value?.[row] ?? -1) : -1;
}

function Selected({ state }: { state: State }) {
  const shown = useSignal(PAGE);
  const rows = state.selection.value;
  return (
    <section class="ls-section" aria-label="Selection" data-testid="selection">
      <header class="ls-row ls-between">
        <h3>{many(rows.length, "sample")} selected</h3>
        <button type="button" class="ls-link" onClick={() => select(state, [])}>
          Clear
        </button>
      </header>
      <Makeup state={state} />
      {can(state.exhibit.value, "images").possible && (
        <ul class="ls-gallery ls-dense">
          {rows.slice(0, shown.value).map((row) => (
            <li key={row}>
              <Tile state={state} row={row} />
            </li>
          ))}
        </ul>
      )}
      {rows.length > shown.value && (
        <button
          type="button"
          class="ls-button"
          onClick={() => {
            shown.value += PAGE * 2;
          }}
        >
          Show more of {count(rows.length)}
        </button>
      )}
    </section>
  );
}

/** What a selection is made of, by the column that the map is coloured by. */
function Makeup({ state }: { state: State }) {
  const column = state.coloured.value;
  const made = useComputed(() => {
    const values = state.values.value;
    const tally = new Map<number, number>();
    const numbers: number[] = [];
    for (const row of state.selection.value) {
      const value = values?.[row] ?? Number.NaN;
      numbers.push(value);
      tally.set(value, (tally.get(value) ?? 0) + 1);
    }
    return { tally: [...tally].sort((a, b) => b[1] - a[1]), numbers };
  });
  if (!column) return null;
  const { tally, numbers } = made.value;
  if (column.form === "number") {
    const known = numbers.filter(Number.isFinite);
    return (
      <p>
        {titled(column.title)}: median <b>{withUnit(median(known), column.unit)}</b>, from{" "}
        {figure(Math.min(...known))} to {figure(Math.max(...known))}
      </p>
    );
  }
  const most = tally[0]?.[1] ?? 1;
  return (
    <ul class="ls-bars" aria-label={`Selected by ${column.title}`}>
      {tally.slice(0, 12).map(([code, n]) => (
        <li key={code}>
          <span>{code < 0 || Number.isNaN(code) ? "unknown" : column.categories[code]}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(100 * n) / most} height="8" rx="1" fill={classColour(code)} />
          </svg>
          <b>{count(n)}</b>
        </li>
      ))}
      {tally.length > 12 && (
        <li class="ls-small">and {many(tally.length - 12, "more class", "more classes")}</li>
      )}
    </ul>
  );
}

/** An image of the reader's own, as the model has it. */
function Own({ state, landed }: { state: State; landed: Landed }) {
  const { dropped, pixels } = landed;
  const map = state.map.value;
  const lands = map && map.name in dropped.places;
  return (
    <section class="ls-section" aria-label="Your image" data-testid="dropped">
      <header class="ls-row ls-between">
        <h3>Your image</h3>
        <button
          type="button"
          class="ls-link"
          onClick={() => {
            state.landed.value = null;
          }}
        >
          Remove
        </button>
      </header>
      <div class="ls-pair">
        <figure>
          <Picture pixels={pixels} index={0} label="your image as the model sees it" />
          <figcaption>as the model sees it</figcaption>
        </figure>
        <figure>
          <Picture pixels={pixels} index={1} label="its reconstruction" />
          <figcaption>reconstruction</figcaption>
        </figure>
      </div>
      <p class="ls-small">
        {dropped.words}{" "}
        {!lands && map && `The ${map.title} map cannot place a new latent. ${map.placing_words}`}
      </p>
      <Measures measures={dropped.numbers} caption="Numbers of your image" />
      <Neighbours
        state={state}
        rows={dropped.neighbours}
        distances={dropped.distances}
        title="Nearest samples in the latent space"
      />
    </section>
  );
}

function About({ state }: { state: State }) {
  const card = state.exhibit.value;
  const { provenance } = card;
  const facts: [string, string][] = [
    ["model", provenance.model],
    ["recipe", provenance.recipe],
    ["data", [provenance.data, provenance.split].filter(Boolean).join(", ")],
    ["samples", count(card.n)],
    ["latent", card.latent_shape.join(" × ")],
    ["image", card.image_shape ? card.image_shape.join(" × ") : "not at hand"],
    ["seed", String(provenance.seed)],
    ["precision", provenance.precision],
  ];
  return (
    <section class="ls-section">
      <p class="ls-lead">Click a dot to see its sample. Draw a lasso to see what lies together.</p>
      {card.warnings.length > 0 && (
        <ul class="ls-warnings">
          {card.warnings.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <dl class="ls-facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}
