/** Small charts in SVG: curves over steps, dots of two numbers; each with its numbers as a table. */

import { extent } from "d3-array";
import { type ScaleLinear, scaleLinear } from "d3-scale";
import { line as lineOf } from "d3-shape";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { figure, withUnit } from "./words";

const MARGIN = { top: 10, right: 14, bottom: 26, left: 48 };
const WIDTH = 320;

export interface Curve {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** A dashed line is what the other is held against. */
  readonly dashed?: boolean;
}

interface Frame {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly width: number;
  readonly height: number;
}

/** Curves over the same places; the one that is looked at is marked, and can be chosen by hand. */
export function LineChart(props: {
  title: string;
  unit?: string;
  curves: readonly Curve[];
  /** Where each value stands, 0, 1, 2 … if not given. */
  at?: readonly number[];
  across: string;
  chosen?: number | null;
  height?: number;
  onChoose?: (place: number) => void;
}) {
  const { title, unit = "", curves, across, chosen = null, height = 132, onChoose } = props;
  const [host, width] = useWidth();
  const n = Math.max(0, ...curves.map(({ values }) => values.length));
  const places = props.at ?? Array.from({ length: n }, (_, i) => i);
  const known = curves.flatMap(({ values }) => values.filter(isNumber));
  const frame = framed(width, height, wide(places), padded(known));
  const choose = (event: PointerEvent) => {
    if (!onChoose || (event.type === "pointermove" && event.buttons !== 1)) return;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = frame.x.invert(((event.clientX - box.left) / box.width) * frame.width);
    onChoose(nearestTo(places, at));
  };
  const words = curves.map(({ name, values }) => `${name}: ${spoken(values, unit)}`).join("; ");
  return (
    <figure class="ls-chart">
      <figcaption>
        <b>{title}</b> {unit && <span class="ls-muted">({unit})</span>}
        {curves.length > 1 && <Keys curves={curves} />}
      </figcaption>
      <div ref={host}>
        <svg
          viewBox={`0 0 ${frame.width} ${height}`}
          height={height}
          class={onChoose ? "ls-choosable" : ""}
          role="img"
          aria-label={`${title} over ${across}. ${words}`}
          onPointerDown={choose}
          onPointerMove={choose}
        >
          <Axes frame={frame} across={across} whole />
          {chosen !== null && places[chosen] !== undefined && (
            <line
              class="ls-cursor"
              x1={frame.x(places[chosen])}
              x2={frame.x(places[chosen])}
              y1={MARGIN.top}
              y2={height - MARGIN.bottom}
            />
          )}
          {curves.map((curve) => (
            <Drawn key={curve.name} curve={curve} places={places} frame={frame} chosen={chosen} />
          ))}
        </svg>
      </div>
      <Table
        title={title}
        head={[across, ...curves.map(({ name }) => name)]}
        rows={places.map((place, i) => [
          String(place),
          ...curves.map(({ values }) => figure(values[i])),
        ])}
      />
    </figure>
  );
}

function Drawn(props: {
  curve: Curve;
  places: readonly number[];
  frame: Frame;
  chosen: number | null;
}) {
  const { curve, places, frame, chosen } = props;
  const points = curve.values.map((value, i) => [places[i] ?? i, value] as const);
  const path = lineOf<(typeof points)[number]>()
    .defined(([, value]) => isNumber(value))
    .x(([place]) => frame.x(place))
    .y(([, value]) => frame.y(value ?? 0));
  const kind = curve.dashed ? "ls-null" : "ls-own";
  const dots = curve.dashed
    ? []
    : points.flatMap((point, i) =>
        isNumber(point[1]) && (points.length <= 32 || i === chosen)
          ? [{ i, x: frame.x(point[0]), y: frame.y(point[1]) }]
          : [],
      );
  return (
    <g class={kind}>
      <path d={path(points) ?? ""} />
      {dots.map(({ i, x, y }) => (
        <circle key={i} cx={x} cy={y} r={i === chosen ? 4.5 : 2.2} />
      ))}
    </g>
  );
}

function Keys({ curves }: { curves: readonly Curve[] }) {
  return (
    <span class="ls-chart-keys">
      {curves.map(({ name, dashed }) => (
        <span key={name}>
          <svg viewBox="0 0 24 8" class={dashed ? "ls-null" : "ls-own"} aria-hidden="true">
            <path d="M1 4H23" />
          </svg>
          {name}
        </span>
      ))}
    </span>
  );
}

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

/** Dots of two numbers; arrow keys walk through them from left to right, a click chooses one. */
export function DotChart(props: {
  title: string;
  dots: readonly Dot[];
  /** What each dot is. */
  each: string;
  across: string;
  upwards: string;
  chosen: number | null;
  height?: number;
  onChoose: (index: number) => void;
}) {
  const { title, dots, each, across, upwards, chosen, height = 220, onChoose } = props;
  const [host, width] = useWidth();
  const frame = framed(
    width,
    height,
    padded(dots.map(({ x }) => x)),
    padded(dots.map(({ y }) => y)),
  );
  const order = dots.map((_, i) => i).sort((a, b) => (dots[a]?.x ?? 0) - (dots[b]?.x ?? 0));
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step || order.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = chosen === null ? -1 : order.indexOf(chosen);
    onChoose(order[Math.min(Math.max(at + step, 0), order.length - 1)] as number);
  };
  const click = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const scale = frame.width / box.width;
    const [px, py] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const far = dots.map(({ x, y }) => Math.hypot(frame.x(x) - px, frame.y(y) - py));
    const nearest = far.indexOf(Math.min(...far));
    if (nearest >= 0 && (far[nearest] ?? Number.POSITIVE_INFINITY) < 24) onChoose(nearest);
  };
  const dot = chosen === null ? undefined : dots[chosen];
  const told = dot ? `${dot.name}: ${across} ${figure(dot.x)}, ${upwards} ${figure(dot.y)}` : "";
  return (
    <figure class="ls-chart">
      <figcaption>
        <b>{title}</b>
      </figcaption>
      <div
        ref={host}
        class="ls-choosable"
        role="slider"
        tabIndex={0}
        aria-label={`${title}: ${upwards} against ${across}, ${dots.length} dots`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, dots.length - 1)}
        aria-valuenow={chosen === null ? 0 : order.indexOf(chosen)}
        aria-valuetext={told || "none chosen"}
        onKeyDown={walk}
        onClick={click}
      >
        <svg viewBox={`0 0 ${frame.width} ${height}`} height={height} aria-hidden="true">
          <Axes frame={frame} across={across} upwards={upwards} />
          {dots.map(({ x, y, name }, i) => (
            <circle key={name + String(i)} class="ls-one" cx={frame.x(x)} cy={frame.y(y)} r="3" />
          ))}
          {dot && <circle class="ls-chosen" cx={frame.x(dot.x)} cy={frame.y(dot.y)} r="6" />}
        </svg>
      </div>
      {told && <p class="ls-small">{told}</p>}
      <Table
        title={title}
        head={[each, across, upwards]}
        rows={dots.slice(0, 500).map(({ name, x, y }) => [name, figure(x), figure(y)])}
      />
    </figure>
  );
}

function Axes(props: { frame: Frame; across: string; upwards?: string; whole?: boolean }) {
  const { frame, across, upwards, whole } = props;
  const { x, y, width, height } = frame;
  const places = x.ticks(Math.max(2, Math.floor(width / 70)));
  return (
    <g class="ls-axes">
      {y.ticks(3).map((tick) => (
        <g key={tick}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text x={MARGIN.left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
            {y.tickFormat(3)(tick)}
          </text>
        </g>
      ))}
      {(whole ? places.filter(Number.isInteger) : places).map((tick) => (
        <text key={tick} x={x(tick)} y={height - MARGIN.bottom + 13} text-anchor="middle">
          {String(tick)}
        </text>
      ))}
      <text x={width - MARGIN.right} y={height - 2} text-anchor="end">
        {across}
      </text>
      {upwards && (
        <text x={4} y={9}>
          {upwards}
        </text>
      )}
    </g>
  );
}

/** The numbers behind a chart, for reading and for screen readers. */
export function Table(props: {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  children?: ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details
      class="ls-behind"
      onToggle={(event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}
    >
      <summary>
        Numbers<span class="ls-unseen"> of {props.title}</span>
      </summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        <div class="ls-scroll" tabIndex={0}>
          <table class="ls-table">
            <caption class="ls-unseen">{props.title}</caption>
            <thead>
              <tr>
                {props.head.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {props.rows.map((row, i) => (
                <tr key={String(i)}>
                  {row.map((cell, k) => (
                    <td key={props.head[k]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** Place of the value nearest to `at`. */
export function nearestTo(places: readonly number[], at: number): number {
  let best = 0;
  for (const [i, place] of places.entries()) {
    if (Math.abs(place - at) < Math.abs((places[best] ?? Number.POSITIVE_INFINITY) - at)) best = i;
  }
  return best;
}

/** From first to last, with the highest and where it is: a curve in one breath. */
export function spoken(values: readonly (number | null)[], unit: string): string {
  const known = values.filter(isNumber);
  if (known.length === 0) return "no values";
  const most = Math.max(...known);
  const at = values.indexOf(most);
  const [first, last] = [known[0], known.at(-1)];
  return `from ${withUnit(first, unit)} to ${withUnit(last, unit)}, highest ${figure(most)} at ${at}`;
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function wide(places: readonly number[]): [number, number] {
  const [low = 0, high = 1] = extent(places);
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

function padded(values: readonly number[]): [number, number] {
  const [low, high] = extent(values.filter(Number.isFinite));
  if (low === undefined || high === undefined) return [0, 1];
  const floor = low >= 0 && low < 0.6 * high ? 0 : low;
  const room = (high - floor || Math.abs(high) || 1) * 0.06;
  return [floor === 0 && low >= 0 ? 0 : floor - room, high + room];
}

function framed(
  width: number,
  height: number,
  across: [number, number],
  upwards: [number, number],
): Frame {
  const x = scaleLinear(across, [MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear(upwards, [height - MARGIN.bottom, MARGIN.top + 4]);
  return { x, y, width, height };
}

/** Follow an element's width, so that a chart is drawn pixel for pixel. */
function useWidth() {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(WIDTH);
  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(160, element.clientWidth || WIDTH));
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [host, width] as const;
}
