/** Search by id or class, or by an image of one's own. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import type { Found } from "../api/bodies";
import { Icon } from "../look/icons";
import { Thumb } from "../look/parts";
import { many } from "../look/words";
import { takeImage } from "./dropping";
import { show } from "./map_view";
import { Newest } from "./newest";
import { can, complain, pin, type State, say, select } from "./state";

export function Search({ state }: { state: State }) {
  const text = useSignal("");
  const found = useSignal<Found | null>(null);
  const at = useSignal(-1);
  const open = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const list = useId();
  const searching = useMemo(
    () =>
      new Newest<string, Found>({
        ask: (words, signal) => state.source.find(state.key.peek(), words, signal),
        tell: (answer) => {
          found.value = answer;
          at.value = -1;
          say(state, many(answer.n, "sample found", "samples found"));
        },
        fail: (reason) => complain(state, reason),
      }),
    [state, found, at],
  );
  useEffect(() => {
    const outside = (event: Event) => {
      if (!event.composedPath().includes(root.current as EventTarget)) open.value = false;
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open]);

  const take = (row: number) => {
    open.value = false;
    show(state, row);
    pin(state, row);
  };
  const keys = (event: KeyboardEvent) => {
    const rows = found.value?.rows ?? [];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows.length > 0) {
      event.preventDefault();
      at.value = (at.value + step + rows.length) % rows.length;
    } else if (event.key === "Enter") {
      const row = rows[Math.max(at.value, 0)];
      if (row !== undefined) take(row);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open.value) open.value = false;
      else field.current?.blur();
    }
  };
  const encode = can(state.exhibit.value, "encode");
  const results = found.value;
  return (
    <div class="ls-search" ref={root} data-tour="search">
      <div class="ls-search-field">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          // biome-ignore lint/a11y/noRedundantRoles: without a list of its own it is a searchbox
          role="combobox"
          list={undefined}
          placeholder="Find an id or a class"
          aria-label="Find a sample by id or class"
          aria-expanded={open.value && results !== null}
          aria-controls={list}
          aria-activedescendant={at.value >= 0 ? `${list}-${at.value}` : undefined}
          autocomplete="off"
          spellcheck={false}
          data-key="search"
          value={text.value}
          onFocus={() => {
            open.value = text.value !== "";
          }}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            open.value = text.value.trim() !== "";
            if (open.value) searching.ask(text.value.trim());
            else {
              searching.stop();
              found.value = null;
            }
          }}
          onKeyDown={keys}
        />
        <label
          class={`ls-icon-button ${encode.possible ? "" : "ls-off"}`}
          title={encode.possible ? "Search with an image of your own" : encode.why}
        >
          <Icon name="image" />
          <span class="ls-unseen">Search with an image of your own</span>
          <input
            class="ls-unseen"
            type="file"
            accept="image/*"
            disabled={!encode.possible}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (file) takeImage(state, file);
            }}
          />
        </label>
      </div>
      {open.value && results && (
        <div class="ls-results">
          <p class="ls-small">
            {results.n === 0
              ? "Nothing is called that."
              : `${many(results.n, "sample")}${results.n > results.rows.length ? `, the first ${results.rows.length}` : ""}`}
            {results.rows.length > 1 && (
              <button
                type="button"
                class="ls-link"
                onClick={() => {
                  open.value = false;
                  select(state, results.rows);
                }}
              >
                select {results.n > results.rows.length ? "these" : "them"}
              </button>
            )}
          </p>
          <div role="listbox" id={list} aria-label="Samples found">
            {results.rows.map((row, i) => (
              // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
              <div
                role="option"
                key={row}
                id={`${list}-${i}`}
                aria-selected={i === at.value}
                onClick={() => take(row)}
              >
                {can(state.exhibit.value, "images").possible && (
                  <Thumb state={state} row={row} label="" />
                )}
                <span>{results.sample_ids[i]}</span>
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
