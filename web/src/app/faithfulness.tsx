/** How far the map can be trusted, in a line that opens into a table beside its baselines. */

import type { MapCard, Row } from "../api/bodies";
import { Icon } from "../look/icons";
import { Popover, spelled } from "../look/parts";
import { count, direction, figure, titled } from "../look/words";
import type { State } from "./state";

/** The measure that tells maps apart best, where a map has it. */
const TELLING = "neighbour_preservation";

export function Faithfulness({ state }: { state: State }) {
  const map = state.map.value;
  const guest = state.guest.value;
  if (guest) return <p class="ls-faithful ls-card ls-line">{guest.words}</p>;
  if (!map) return null;
  return (
    <Popover
      name="How faithful this map is"
      class="ls-faithful"
      label={
        <>
          {line(map)} <Icon name="down" />
        </>
      }
    >
      {() => <Table map={map} />}
    </Popover>
  );
}

function line(map: MapCard) {
  const measures = map.faithfulness?.measures ?? [];
  const first = measures.find(({ name }) => name === TELLING) ?? measures[0];
  if (map.lifting === "exact") return <span>The latent space itself: nothing is lost</span>;
  if (!first) return <span>Its faithfulness was not measured</span>;
  const others = map.baselines
    .map((row) => ({ name: row.name, found: row.measures.find((one) => one.name === first.name) }))
    .filter(({ found }) => found);
  return (
    <span>
      {titled(spelled(first.name))} <b>{figure(first.value)}</b>
      <span class="ls-muted ls-wide">
        {others.map(({ name, found }) => ` · ${name} ${figure(found?.value)}`)}
        {first.better !== "neither" && ` · ${direction(first.better)}`}
      </span>
    </span>
  );
}

function Table({ map }: { map: MapCard }) {
  const own = map.faithfulness;
  const rows: Row[] = own ? [{ ...own, name: map.title }, ...map.baselines] : [];
  return (
    <div class="ls-faithful-card">
      <h2>How faithful this map is: {map.title}</h2>
      {rows.length > 0 ? (
        <div class="ls-scroll">
          <table class="ls-table">
            <thead>
              <tr>
                <th scope="col">measure</th>
                {rows.map((row) => (
                  <th scope="col" key={row.name}>
                    {row.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows[0]?.measures.map((measure) => (
                <tr key={measure.name}>
                  <th scope="row">
                    {spelled(measure.name)}
                    <small>
                      {[measure.unit, direction(measure.better)].filter(Boolean).join(" · ")}
                    </small>
                  </th>
                  {rows.map((row) => (
                    <td key={row.name}>
                      {figure(row.measures.find(({ name }) => name === measure.name)?.value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p>Its faithfulness was not measured.</p>
      )}
      {own?.measures.some(({ note }) => note) && (
        <details>
          <summary>How each is measured</summary>
          <dl>
            {own.measures.map(({ name, note, interval: made, low, high }) => (
              <div key={name}>
                <dt>{titled(spelled(name))}</dt>
                <dd class="ls-small">
                  {note}
                  {low !== null && high !== null && `; ${figure(low)} to ${figure(high)}, ${made}`}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      <p class="ls-small">
        {count(map.n)} samples. {map.lifting_words} {map.placing_words}
      </p>
      {own?.note && <p class="ls-small">{own.note}</p>}
    </div>
  );
}
