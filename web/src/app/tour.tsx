/** A short walk round the page, on the first visit. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { many } from "../look/words";
import { can, coarse, type State } from "./state";

const MEMORY = "latentscape-tour";

interface Step {
  readonly at: string;
  readonly title: string;
  readonly words: string;
}

export function firstVisit(): boolean {
  try {
    return localStorage.getItem(MEMORY) === null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(MEMORY, "seen");
  } catch {
    // A page without storage shows the tour again when it is asked for.
  }
}

function stepsOf(state: State): Step[] {
  const card = state.exhibit.value;
  const decode = can(card, "decode").possible;
  return [
    {
      at: "map",
      title: "A latent space",
      words: `Each dot is one of ${many(state.map.value?.n ?? card.n, "image")} of ${card.provenance.data}, where ${card.name} puts it. Scroll to come nearer, drag to move.`,
    },
    {
      at: "lens",
      title: "Decode under the pointer",
      words: decode
        ? `${coarse() ? "Switch the lens on and tap" : "Move over the map"}: the model decodes that very place, and the ring says how far to trust it.`
        : "With the model at hand, the place under the pointer is decoded as you move.",
    },
    {
      at: "maps",
      title: "Several maps, none the truth",
      words:
        "Switch the method and watch the samples move. The line at the bottom says how faithful each map is.",
    },
    {
      at: "search",
      title: "Find, or bring your own",
      words:
        "Search an id or a class; drop an image anywhere to see where the model puts it. Lasso a region to see what is in it.",
    },
    {
      at: "panels",
      title: "Travel, turn dials, compare",
      words:
        "A click on a dot opens the sample. The other panels travel between samples, turn latent dimensions and replay the training.",
    },
  ];
}

export function Tour({ state }: { state: State }) {
  const [at, setAt] = useState(0);
  const [box, setBox] = useState<{ x: number; y: number; w: number; h: number } | null>(null);
  const card = useRef<HTMLDivElement>(null);
  const open = state.guide.value === "tour";
  const steps = stepsOf(state);
  const step = steps[at];
  useLayoutEffect(() => {
    if (!open) return;
    const root = card.current?.closest(".ls-page");
    const place = () => {
      const target = root?.querySelector(`[data-tour="${step?.at}"]`)?.getBoundingClientRect();
      const page = root?.getBoundingClientRect();
      setBox(
        target && page && target.width > 0
          ? { x: target.x - page.x, y: target.y - page.y, w: target.width, h: target.height }
          : null,
      );
    };
    place();
    card.current?.querySelector<HTMLElement>("[data-next]")?.focus();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, [open, step?.at]);
  if (!open || !step) return null;
  const end = () => {
    remember();
    setAt(0);
    state.guide.value = null;
    state.host.value?.querySelector<HTMLElement>("[tabindex]")?.focus();
  };
  const spot = box && step.at !== "map" ? box : null;
  return (
    <>
      {spot && (
        <div
          class="ls-spot"
          style={{
            left: `${spot.x}px`,
            top: `${spot.y}px`,
            width: `${spot.w}px`,
            height: `${spot.h}px`,
          }}
        />
      )}
      <div
        class="ls-card ls-tour"
        role="dialog"
        aria-labelledby="ls-tour-title"
        aria-describedby="ls-tour-words"
        ref={card}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            end();
          }
        }}
      >
        <p class="ls-eyebrow">
          {at + 1} of {steps.length}
        </p>
        <h2 id="ls-tour-title">{step.title}</h2>
        <p id="ls-tour-words">{step.words}</p>
        <div class="ls-row">
          <button type="button" class="ls-link" onClick={end}>
            Skip
          </button>
          {at > 0 && (
            <button type="button" class="ls-button" onClick={() => setAt(at - 1)}>
              Back
            </button>
          )}
          <button
            type="button"
            class="ls-button ls-primary"
            data-next
            onClick={() => (at + 1 < steps.length ? setAt(at + 1) : end())}
          >
            {at + 1 < steps.length ? "Next" : "Look round"}
          </button>
        </div>
      </div>
    </>
  );
}
