/** Frames in a row, and what plays them. */

import { useEffect, useRef } from "preact/hooks";
import type { Pixels } from "../source/source";
import { IconButton, Picture } from "./parts";

const FRAME_MS = 110;

/** Frames side by side; a click goes to one. Scrubbing by keys is the slider's. */
export function Strip(props: {
  pixels: Pixels;
  label: string;
  at: number;
  keys?: readonly number[];
  onChoose: (place: number) => void;
}) {
  const { pixels, label, at, keys = [], onChoose } = props;
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const frame = list.current?.children[at] as HTMLElement | undefined;
    const row = list.current;
    if (!frame || !row) return;
    const [left, right] = [frame.offsetLeft, frame.offsetLeft + frame.offsetWidth];
    if (left < row.scrollLeft) row.scrollLeft = left;
    else if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth;
  }, [at]);
  return (
    <ol class="ls-strip" aria-label={label} ref={list}>
      {Array.from({ length: pixels.n }, (_, i) => (
        <li key={String(i)} data-key={keys.includes(i)}>
          <button
            type="button"
            tabIndex={-1}
            aria-current={i === at}
            aria-label={`frame ${i + 1} of ${pixels.n}${keys.includes(i) ? ", a sample" : ""}`}
            onClick={() => onChoose(i)}
          >
            <Picture pixels={pixels} index={i} label="" />
          </button>
        </li>
      ))}
    </ol>
  );
}

/** Play, to and fro or once, and a slider over the places; Space plays and stops. */
export function Player(props: {
  n: number;
  at: number;
  name: string;
  words: string;
  playing: boolean;
  loops: boolean;
  onAt: (place: number) => void;
  onPlaying: (playing: boolean) => void;
  onLoops?: (loops: boolean) => void;
}) {
  const { n, at, playing, loops, onAt, onPlaying, onLoops } = props;
  const heading = useRef(1);
  const place = useRef(at);
  place.current = at;
  useEffect(() => {
    if (!playing || n < 2) return;
    const timer = setInterval(() => {
      let next = place.current + heading.current;
      if (next >= n || next < 0) {
        if (!loops && heading.current > 0) return onPlaying(false);
        heading.current = -heading.current;
        next = place.current + heading.current;
      }
      onAt(next);
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [playing, loops, n]);
  const play = () => {
    heading.current = 1;
    if (!playing && at >= n - 1) onAt(0);
    onPlaying(!playing);
  };
  return (
    <div class="ls-player">
      <IconButton
        icon={playing ? "pause" : "play"}
        name={playing ? "Stop" : "Play"}
        keys="Space on the slider"
        onClick={play}
      />
      <input
        type="range"
        min={0}
        max={Math.max(0, n - 1)}
        step={1}
        value={at}
        aria-label={props.name}
        aria-valuetext={props.words}
        onInput={(event) => {
          onPlaying(false);
          onAt(Number(event.currentTarget.value));
        }}
        onKeyDown={(event) => {
          if (event.key !== " ") return;
          event.preventDefault();
          play();
        }}
      />
      <output>{props.words}</output>
      {onLoops && (
        <label class="ls-check">
          <input
            type="checkbox"
            checked={loops}
            onChange={(event) => onLoops(event.currentTarget.checked)}
          />
          loop
        </label>
      )}
    </div>
  );
}
