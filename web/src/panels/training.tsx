/** Training: epoch by epoch, where samples lay, what the model drew, and how its numbers went. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { Epochs } from "../api/bodies";
import { explained, type State } from "../app/state";
import { type Curve, LineChart } from "../look/chart";
import { Player } from "../look/frames";
import { Icon } from "../look/icons";
import { Fault, Waiting } from "../look/parts";
import { count, figure, many } from "../look/words";
import type { Training } from "../source/source";
import type { PanelProps } from "./index";

const FIRST = ["val_loss", "val_rate", "psnr_of_mean_mse", "active_units"];
const PARTS = ["validation", "training"] as const;
const NAMES: Record<string, string> = {
  loss: "Loss",
  reconstruction: "Reconstruction term",
  kl: "Rate term (KL)",
  distortion: "Distortion",
  elbo: "ELBO",
  rate: "Rate",
  active_units: "Active units",
  psnr_of_mean_mse: "PSNR",
  output_share: "Spread of the outputs beside the images'",
  beta: "β",
  images_per_second: "Speed",
  seconds: "Time",
};

export function TrainingPanel({ state, source }: PanelProps) {
  const known = useSignal<Training | null>(null);
  const fault = useSignal<{ text: string; hint: string } | null>(null);
  useSignalEffect(() => {
    const key = state.key.value;
    state.shelf
      .keep(`training ${key}`, () => source.training(key))
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
  if (!known.value) return <Waiting text="Reading the training" />;
  return <Told state={state} known={known.value} />;
}

function Told({ state, known }: { state: State; known: Training }) {
  const { epochs } = known;
  const n = epochs.epochs.length;
  const at = useSignal(n - 1);
  const playing = useSignal(false);
  const loops = useSignal(false);
  const onMap = useSignal(known.positions.length > 0);
  useSignalEffect(() => {
    if (!onMap.value) {
      state.guest.value = null;
      return;
    }
    state.guest.value = {
      positions: positionsOf(known, at.value),
      labels: known.labels,
      words: `epoch ${epochs.epochs[at.value]}: ${epochs.axes}`,
    };
  });
  useSignalEffect(() => () => {
    state.guest.value = null;
  });
  const epoch = epochs.epochs[at.value] ?? 0;
  return (
    <>
      <section class="ls-section" aria-label="Epoch">
        <Player
          n={n}
          at={at.value}
          name="Epoch"
          words={`epoch ${epoch}`}
          playing={playing.value}
          loops={loops.value}
          onAt={(place) => {
            at.value = place;
          }}
          onPlaying={(on) => {
            playing.value = on;
          }}
          onLoops={(on) => {
            loops.value = on;
          }}
        />
        {known.positions.length > 0 && (
          <>
            <label class="ls-check">
              <input
                type="checkbox"
                checked={onMap.value}
                onChange={(event) => {
                  onMap.value = event.currentTarget.checked;
                }}
              />
              show where samples lay on the map
            </label>
            <p class="ls-small">
              {many(known.labels.length, "sample")} of the validation split; {epochs.axes}.
            </p>
          </>
        )}
      </section>
      {epochs.has_picture && <Matrix state={state} epochs={epochs} at={at.value} />}
      <Curves
        epochs={epochs}
        at={at.value}
        onAt={(place) => {
          playing.value = false;
          at.value = place;
        }}
      />
    </>
  );
}

/** x, y of every sample in one epoch; a view, not a copy. */
export function positionsOf(known: Training, at: number): Float32Array {
  const size = known.labels.length * 2;
  return known.positions.subarray(at * size, (at + 1) * size);
}

/** The prediction matrix of an epoch; the one before stays until the next is there. */
function Matrix({ state, epochs, at }: { state: State; epochs: Epochs; at: number }) {
  const url = useSignal("");
  const missing = useSignal("");
  const place = useSignal(at);
  place.value = at;
  useSignalEffect(() => {
    const key = state.key.value;
    const epoch = epochs.epochs[place.value] ?? 0;
    let wanted = true;
    pictureOf(state, key, epoch).then(
      (found) => {
        if (!wanted) return;
        url.value = found;
        missing.value = "";
        const next = epochs.epochs[place.peek() + 1];
        if (next !== undefined) pictureOf(state, key, next).catch(() => {});
      },
      (reason) => {
        if (wanted) missing.value = explained(reason).text;
      },
    );
    return () => {
      wanted = false;
    };
  });
  const epoch = epochs.epochs[at] ?? 0;
  return (
    <section class="ls-section" aria-label="Prediction matrix">
      <h3>What the model drew</h3>
      {missing.value ? (
        <Fault text={missing.value} />
      ) : (
        url.value && (
          <a href={url.value} target="_blank" rel="noreferrer" title="Open it large">
            <img
              class="ls-matrix"
              src={url.value}
              alt={`epoch ${epoch}: validation images beside their reconstructions, and draws from the prior`}
            />
          </a>
        )
      )}
      <p class="ls-small">
        Left: validation images, each beside its reconstruction. Right: decoded draws from the
        prior, the same latents every epoch.
      </p>
    </section>
  );
}

function pictureOf(state: State, key: string, epoch: number): Promise<string> {
  return state.shelf.keep(`epoch ${key} ${epoch}`, async () =>
    URL.createObjectURL(await state.source.epoch(key, epoch)),
  );
}

/** Columns of the history by what they are of: training and validation share a chart. */
export function familiesOf(epochs: Epochs): { name: string; curves: Curve[]; unit: string }[] {
  const families = new Map<string, { name: string; curves: Curve[]; unit: string }>();
  for (const [column, values] of Object.entries(epochs.curves)) {
    const name = column.replace(/^(train|val)_/, "");
    const part = column.startsWith("train_") ? PARTS[1] : PARTS[0];
    const family = families.get(name) ?? { name, curves: [], unit: epochs.units?.[column] ?? "" };
    family.curves.push({ name: part, values, dashed: part === "training" });
    families.set(name, family);
  }
  return [...families.values()];
}

function Curves(props: { epochs: Epochs; at: number; onAt: (place: number) => void }) {
  const { epochs, at, onAt } = props;
  const families = useComputed(() => familiesOf(epochs));
  const wanted = FIRST.map((column) => column.replace(/^(train|val)_/, ""));
  const first = families.value.filter(({ name }) => wanted.includes(name));
  const shown = useSignal<readonly string[]>(
    (first.length > 0 ? first : families.value.slice(0, 3)).map(({ name }) => name),
  );
  const others = families.value.filter(({ name }) => !shown.value.includes(name));
  return (
    <section class="ls-section" aria-label="Curves">
      <table class="ls-table">
        <caption class="ls-unseen">Numbers of epoch {epochs.epochs[at]}</caption>
        <thead>
          <tr>
            <th scope="col">epoch {epochs.epochs[at]}</th>
            {PARTS.map((part) => (
              <th scope="col" key={part}>
                {part}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {families.value
            .filter(({ name }) => shown.value.includes(name))
            .map(({ name, curves, unit }) => (
              <tr key={name}>
                <th scope="row">
                  {titleOf(name)}
                  {unit && <small>{unit}</small>}
                </th>
                {PARTS.map((part) => (
                  <td key={part}>
                    {told(curves.find((curve) => curve.name === part)?.values[at])}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
      {families.value
        .filter(({ name }) => shown.value.includes(name))
        .map(({ name, curves, unit }) => (
          <LineChart
            key={name}
            title={titleOf(name)}
            unit={unit}
            curves={curves}
            at={epochs.epochs}
            across="epoch"
            chosen={at}
            height={112}
            onChoose={onAt}
          />
        ))}
      {others.length > 0 && (
        <label class="ls-select">
          <span>one more</span>
          <select
            value=""
            onChange={(event) => {
              shown.value = [...shown.value, event.currentTarget.value];
            }}
          >
            <option value="">choose</option>
            {others.map(({ name }) => (
              <option key={name} value={name}>
                {titleOf(name)}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </label>
      )}
    </section>
  );
}

function titleOf(name: string): string {
  return NAMES[name] ?? name.replaceAll("_", " ");
}

function told(value: number | null | undefined): string {
  return Number.isInteger(value) ? count(value as number) : figure(value);
}
