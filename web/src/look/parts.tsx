/** Small parts that panels share. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Ability, Measure } from "../api/bodies";
import type { State } from "../app/state";
import type { ImageKind, Pixels } from "../source/source";
import { Icon, type IconName } from "./icons";
import { direction, figure, interval } from "./words";

/** A button that shows an icon; its name is said and shown on hover. */
export function IconButton(props: {
  icon: IconName;
  name: string;
  keys?: string;
  pressed?: boolean;
  disabled?: boolean;
  class?: string;
  onClick: () => void;
}) {
  const title = props.keys ? `${props.name} (${props.keys})` : props.name;
  return (
    <button
      type="button"
      class={`ls-icon-button ${props.class ?? ""}`}
      aria-label={props.name}
      aria-pressed={props.pressed}
      title={title}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** One of a few, side by side; arrow keys walk through them. */
export function Segmented<T extends string>(props: {
  name: string;
  options: readonly { value: T; title: string; hint?: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  const group = useRef<HTMLDivElement>(null);
  const chosen = props.options.findIndex((option) => option.value === props.value);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const n = props.options.length;
    const next = (Math.max(chosen, 0) + step + n) % n;
    props.onChange(props.options[next]?.value as T);
    group.current?.querySelectorAll<HTMLElement>("[role=radio]")[next]?.focus();
  };
  return (
    <div
      class="ls-segmented"
      role="radiogroup"
      aria-label={props.name}
      ref={group}
      onKeyDown={walk}
    >
      {props.options.map((option, i) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio input cannot be styled as a segment
        <button
          type="button"
          role="radio"
          key={option.value}
          aria-checked={i === chosen}
          tabIndex={i === Math.max(chosen, 0) ? 0 : -1}
          title={option.hint}
          onClick={() => props.onChange(option.value)}
        >
          {option.title}
        </button>
      ))}
    </div>
  );
}

/** An image from memory. Small ones keep their pixels sharp. */
export function Picture(props: { pixels: Pixels; index?: number; label: string; class?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { pixels, index = 0 } = props;
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, pixels, index);
  }, [pixels, index]);
  const sharp = Math.max(pixels.width, pixels.height) <= 96 ? "ls-sharp" : "";
  return (
    <canvas
      ref={canvas}
      class={`ls-picture ${sharp} ${props.class ?? ""}`}
      width={pixels.width}
      height={pixels.height}
      {...named(props.label)}
    />
  );
}

/** As a screen reader has an image; one whose words stand beside it has none. */
function named(label: string) {
  return label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
}

/** Put one of `pixels` on a canvas of its size. */
export function paint(canvas: HTMLCanvasElement, pixels: Pixels, index = 0): void {
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  const context = canvas.getContext("2d");
  context?.putImageData(imageData(pixels, index), 0, 0);
}

export function imageData(pixels: Pixels, index = 0): ImageData {
  const { height, width, channels, bytes } = pixels;
  const n = height * width;
  const data = new Uint8ClampedArray(n * 4);
  const start = index * n * channels;
  for (let i = 0; i < n; i++) {
    const from = start + i * channels;
    for (let c = 0; c < 3; c++) data[i * 4 + c] = bytes[from + (channels === 3 ? c : 0)] ?? 0;
    data[i * 4 + 3] = 255;
  }
  return new ImageData(data, width, height);
}

/** A sample's image, fetched when it is shown; an empty frame until then, or where there is none. */
export function Thumb(props: {
  state: State;
  row: number;
  label: string;
  kind?: ImageKind;
  side?: number;
}) {
  const { state, row, kind = "original", side = 64 } = props;
  const key = state.key.value;
  const [pixels, setPixels] = useState<Pixels | null>(null);
  useEffect(() => {
    let wanted = true;
    state.shelf.picture(key, row, kind, side).then(
      (found) => wanted && setPixels(found),
      () => wanted && setPixels(null),
    );
    return () => {
      wanted = false;
    };
  }, [state, key, row, kind, side]);
  if (!pixels) return <span class="ls-picture ls-empty" {...named(props.label)} />;
  return <Picture pixels={pixels} label={props.label} />;
}

/** A share 0…1 as a ring. */
export function Ring({ value }: { value: number }) {
  const share = Math.min(Math.max(value, 0), 1);
  return (
    <svg class="ls-ring" viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="8" />
      <circle cx="10" cy="10" r="8" pathLength="100" stroke-dasharray={`${share * 100} 100`} />
    </svg>
  );
}

/** Why something cannot be done, and what would make it possible. */
export function Impossible({ ability, title }: { ability: Ability; title?: string }) {
  return (
    <div class="ls-impossible">
      {title && <h3>{title}</h3>}
      <p>{sentence(ability.why || "this is not possible here")}</p>
      {ability.hint && <Hint text={ability.hint} />}
    </div>
  );
}

/** A hint as it stands in every voice of the program. */
export function Hint({ text }: { text: string }) {
  return (
    <p class="ls-hint">
      <b>hint:</b> {text}
    </p>
  );
}

export function Fault({ text, hint }: { text: string; hint?: string }) {
  return (
    <div class="ls-fault" role="alert">
      <Icon name="warn" />
      <div>
        <p>{sentence(text)}</p>
        {hint && <Hint text={hint} />}
      </div>
    </div>
  );
}

export function Waiting({ text }: { text: string }) {
  return (
    <p class="ls-waiting" role="status">
      <span class="ls-spinner" aria-hidden="true" /> {text}
    </p>
  );
}

/** A table of measures: value with unit and interval, which way is better, what it is held against. */
export function Measures({ measures, caption }: { measures: readonly Measure[]; caption: string }) {
  return (
    <table class="ls-measures">
      <caption class="ls-unseen">{caption}</caption>
      <tbody>
        {measures.map((measure) => (
          <tr key={measure.name}>
            <th scope="row">
              {spelled(measure.name)}
              {measure.better !== "neither" && <small>{direction(measure.better)}</small>}
              {measure.note && <small>{measure.note}</small>}
            </th>
            <td>
              <b>{figure(measure.value)}</b> {measure.unit}
              {interval(measure) && (
                <small title={measure.interval}>
                  {interval(measure)} ({measure.interval})
                </small>
              )}
              {measure.reference && (
                <small>
                  beside {figure(measure.reference.value)}
                  {measure.reference.low !== null &&
                    measure.reference.high !== null &&
                    ` (${figure(measure.reference.low)} to ${figure(measure.reference.high)})`}
                  : {measure.reference.words}
                </small>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A name of the program as words. */
export function spelled(name: string): string {
  return name.replaceAll("_", " ");
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  const whole = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** A button that opens a card below it; Escape or a click elsewhere closes it. */
export function Popover(props: {
  name: string;
  label: ComponentChildren;
  class?: string;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!event.composedPath().includes(root.current as EventTarget)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes what its button opened
    <div class={`ls-popover ${props.class ?? ""}`} ref={root} onKeyDown={keys}>
      <button
        type="button"
        ref={button}
        class="ls-button"
        aria-expanded={open}
        aria-haspopup="true"
        title={props.name}
        onClick={() => setOpen(!open)}
      >
        {props.label}
      </button>
      {open && (
        <section class="ls-popover-card" aria-label={props.name}>
          {props.children(close)}
        </section>
      )}
    </div>
  );
}
