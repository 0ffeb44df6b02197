/** The card beside the pointer: what is decoded at this place, and the sample under it. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type { SampleCard } from "../api/bodies";
import { Picture, Ring, sentence, Thumb } from "../look/parts";
import { classColour } from "../look/tokens";
import { figure, reliabilityWord, titled, withUnit } from "../look/words";
import type { Looked } from "../source/source";
import { Newest } from "./newest";
import { can, explained, type State, say } from "./state";

interface Place {
  readonly key: string;
  readonly map: string;
  readonly x: number;
  readonly y: number;
}

export function Pointer({ state }: { state: State }) {
  const looked = useSignal<Looked | null>(null);
  const trouble = useSignal("");
  const sample = useSignal<SampleCard | null>(null);
  const named = useRef<number | null>(null);
  const looking = useMemo(
    () =>
      new Newest<Place, Looked>({
        ask: ({ key, map, x, y }, signal) => state.source.look(key, map, x, y, signal),
        tell: (answer) => {
          looked.value = answer;
          trouble.value = "";
        },
        fail: (reason) => {
          const { text, hint } = explained(reason);
          looked.value = null;
          trouble.value = hint ? `${text} (${hint})` : text;
        },
      }),
    [state, looked, trouble],
  );
  const naming = useMemo(
    () =>
      new Newest<{ key: string; row: number }, SampleCard>({
        ask: ({ key, row }, signal) => state.source.sample(key, row, signal),
        tell: (card, { row }) => {
          sample.value = card;
          const hover = state.hover.peek();
          if (hover?.row === row && hover.by === "keyboard") say(state, spokenOf(state, card));
        },
      }),
    [state, sample],
  );
  useSignalEffect(() => {
    const hover = state.hover.value;
    const map = state.map.value;
    const key = state.key.value;
    if (!hover || !map || state.guest.value) {
      looking.stop();
      naming.stop();
      named.current = null;
      looked.value = null;
      return;
    }
    const lens = state.lens.value && can(state.exhibit.value, "decode").possible;
    if (lens) looking.ask({ key, map: map.name, x: hover.x, y: hover.y });
    else looked.value = null;
    if (hover.row !== null && hover.row !== named.current) naming.ask({ key, row: hover.row });
    named.current = hover.row;
  });
  const hover = state.hover.value;
  const shown = state.lens.value ? looked.value : null;
  // A finger that opened a sample has its panel before it.
  if (hover?.by === "touch" && state.panel.value && !shown) return null;
  if (!hover || (hover.row === null && !shown && !(state.lens.value && trouble.value))) return null;
  const card = sample.value?.row === hover.row ? sample.value : null;
  return (
    <Beside state={state} left={hover.px} top={hover.py}>
      {shown && <Lens looked={shown} />}
      {state.lens.value && trouble.value && <p class="ls-small">Decoding: {trouble.value}</p>}
      {hover.row !== null && <SampleUnder state={state} row={hover.row} card={card} />}
    </Beside>
  );
}

/** A card beside a point of the map, on the side that has room. */
function Beside(props: {
  state: State;
  left: number;
  top: number;
  // biome-ignore lint/suspicious/noExplicitAny: what may stand between tags
  children: any;
}) {
  const { left, top } = props;
  const box = props.state.scatter.value ? hostBox(props.state) : { width: 0, height: 0 };
  const style = {
    ...(left > box.width * 0.55 ? { right: `${box.width - left}px` } : { left: `${left}px` }),
    ...(top > box.height * 0.5 ? { bottom: `${box.height - top}px` } : { top: `${top}px` }),
  };
  return (
    <div class="ls-beside" style={style}>
      <div class="ls-card ls-pointer-card">{props.children}</div>
    </div>
  );
}

function hostBox(state: State): { width: number; height: number } {
  const canvas = state.host.value;
  return { width: canvas?.clientWidth ?? 0, height: canvas?.clientHeight ?? 0 };
}

function Lens({ looked }: { looked: Looked }) {
  const { look, pixels } = looked;
  const word = reliabilityWord(look.reliability, look.lifting);
  return (
    <figure class="ls-lens" data-testid="lens">
      <Picture pixels={pixels} label={`decoded here, reliability ${word}`} />
      <figcaption>
        <span class="ls-eyebrow">Decoded here</span>
        <span class="ls-reliability">
          <Ring value={look.reliability} />
          <b>{word}</b>
          {look.lifting !== "exact" && (
            <span class="ls-small">{figure(look.reliability)} of 1</span>
          )}
        </span>
        {look.words && <span class="ls-small">{sentence(look.words)}</span>}
      </figcaption>
    </figure>
  );
}

function SampleUnder(props: { state: State; row: number; card: SampleCard | null }) {
  const { state, row, card } = props;
  const exhibit = state.exhibit.value;
  const colour = state.coloured.value;
  const value = state.values.value?.[row];
  const label = card?.label ?? -1;
  return (
    <div class="ls-under" data-testid="under">
      <div class="ls-pair">
        {can(exhibit, "images").possible && (
          <figure>
            <Thumb state={state} row={row} label="image" side={112} />
            <figcaption>image</figcaption>
          </figure>
        )}
        {can(exhibit, "reconstructions").possible && (
          <figure>
            <Thumb
              state={state}
              row={row}
              label="reconstruction"
              kind="reconstruction"
              side={112}
            />
            <figcaption>reconstruction</figcaption>
          </figure>
        )}
      </div>
      <p class="ls-name">
        {card ? card.sample_id : "…"}
        {card && exhibit.class_names[label] !== undefined && (
          <ClassName code={label} name={exhibit.class_names[label] as string} />
        )}
      </p>
      {colour?.form === "number" && (
        <p class="ls-small">
          {titled(colour.title)} <b>{withUnit(value, colour.unit)}</b>
        </p>
      )}
    </div>
  );
}

export function ClassName({ code, name }: { code: number; name: string }) {
  return (
    <span class="ls-class">
      <svg class="ls-dot" viewBox="0 0 10 10" aria-hidden="true">
        <circle cx="5" cy="5" r="5" fill={classColour(code)} />
      </svg>
      {name}
    </span>
  );
}

function spokenOf(state: State, card: SampleCard): string {
  const name = state.exhibit.value.class_names[card.label];
  return name ? `${card.sample_id}, ${name}` : card.sample_id;
}
