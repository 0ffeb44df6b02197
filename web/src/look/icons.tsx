/** Icons as lines in a square of twenty; each goes beside words or in a button that has a name. */

const PATHS = {
  sample: "M3 4h14v12H3zM3 13l4-4 3 3 3-4 4 5",
  travel: "M4 15c4 0 3-9 7-9h5M13 3l3 3-3 3M4 15h.01",
  dials: "M4 5h12M4 10h12M4 15h12M8 3.5v3M13 8.5v3M6.5 13.5v3",
  motion: "M3 6h7M3 10h4M3 14h7M12 5l5 5-5 5",
  compare: "M3 4h6v12H3zM11 4h6v12h-6z",
  training: "M3 16V4M3 16h14M5 6c2 6 5 8 11 8",
  hand: "M10 3v14M3 10h14M10 3 8 5M10 3l2 2M10 17l-2-2M10 17l2-2M3 10l2-2M3 10l2 2M17 10l-2-2M17 10l-2 2",
  lasso: "M10 4c4 0 7 2 7 4.5S14 13 10 13s-7-2-7-4.5S6 4 10 4zM6 12.5c-1 1-1 2.5 0 4.5",
  box: "M4 4h3M10 4h2M15 4h1v2M16 9v2M16 14v2h-2M11 16H9M6 16H4v-2M4 11V9M4 6V4",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  fit: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  lens: "M10 4.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM10 2v4M10 14v4M2 10h4M14 10h4",
  grid: "M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h5v5h-5z",
  thumbs: "M3 7h10v10H3zM7 7V3h10v10h-4M3 14l3-3 4 4",
  search: "M8.5 3a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM12.5 12.5 17 17",
  image: "M10 13V4M6.5 7.5 10 4l3.5 3.5M4 13v3h12v-3",
  link: "M8 12l4-4M7 9l-2 2a2.8 2.8 0 0 0 4 4l2-2M13 11l2-2a2.8 2.8 0 0 0-4-4L9 7",
  sun: "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5 6 6M14 14l1.5 1.5M15.5 4.5 14 6M6 14l-1.5 1.5",
  moon: "M15.5 12A6.5 6.5 0 0 1 8 4.5 6 6 0 1 0 15.5 12z",
  half: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 3v14M10 6l4.5-.5M10 10h7M10 14l4.5.5",
  help: "M7 7.5a3 3 0 1 1 4 2.8c-.7.3-1 .9-1 1.7v.5M10 16h.01",
  close: "M5 5l10 10M15 5 5 15",
  down: "M5 8l5 5 5-5",
  left: "M12 5l-5 5 5 5",
  right: "M8 5l5 5-5 5",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  play: "M6 4l10 6-10 6z",
  pause: "M7 4v12M13 4v12",
  pin: "M7 3h6l-1 6 3 3H5l3-3zM10 12v5",
  tick: "M4 10.5l4 4 8-9",
  warn: "M10 3 2.5 16.5h15zM10 8v4M10 14.5h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="ls-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
