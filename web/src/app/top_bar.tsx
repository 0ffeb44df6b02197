/** The bar at the top: whose latents, which map, coloured by what, and a search. */

import { Icon } from "../look/icons";
import { IconButton, Popover, Segmented, sentence } from "../look/parts";
import { count, direction, titled } from "../look/words";
import { Search } from "./search";
import { tooLong } from "./share";
import {
  colourBy,
  columnsOn,
  notify,
  type State,
  say,
  showExhibit,
  showMap,
  type Theme,
} from "./state";

const THEMES: readonly { theme: Theme; icon: "half" | "sun" | "moon"; name: string }[] = [
  { theme: "auto", icon: "half", name: "Light or dark as the system has it" },
  { theme: "light", icon: "sun", name: "Light" },
  { theme: "dark", icon: "moon", name: "Dark" },
];

export function TopBar({ state, inPage }: { state: State; inPage: boolean }) {
  return (
    <header class="ls-top">
      <RunName state={state} />
      <div class="ls-top-choices">
        <MapChoice state={state} />
        <ColourChoice state={state} />
      </div>
      <Search state={state} />
      <div class="ls-top-end">
        {inPage && (
          <IconButton icon="link" name="Copy a link to this view" onClick={() => share(state)} />
        )}
        <ThemeSwitch state={state} />
        <IconButton
          icon="help"
          name="Keys and help"
          keys="?"
          onClick={() => {
            state.guide.value = "keys";
          }}
        />
      </div>
    </header>
  );
}

function RunName({ state }: { state: State }) {
  const { exhibits } = state.exhibition;
  const card = state.exhibit.value;
  const { recipe, data, split } = card.provenance;
  const about = [recipe, data, split, `${count(card.n)} samples`].filter(Boolean).join(" · ");
  if (exhibits.length === 1) {
    return (
      <h1 class="ls-run" title={about}>
        {card.name}
        <small>{about}</small>
      </h1>
    );
  }
  return (
    <h1 class="ls-run">
      <label class="ls-select">
        <span class="ls-unseen">Run</span>
        <select
          value={card.key}
          onChange={(event) => showExhibit(state, event.currentTarget.value)}
        >
          {exhibits.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </label>
      <small>{about}</small>
    </h1>
  );
}

function MapChoice({ state }: { state: State }) {
  const maps = state.exhibit.value.maps;
  const map = state.map.value;
  if (!map) return null;
  if (maps.length <= 6) {
    return (
      <div data-tour="maps">
        <Segmented
          name="Map"
          options={maps.map(({ name, title, lifting_words }) => ({
            value: name,
            title: titled(title),
            hint: lifting_words,
          }))}
          value={map.name}
          onChange={(name) => {
            showMap(state, name);
            say(state, `${state.map.value?.title} map`);
          }}
        />
      </div>
    );
  }
  return (
    <label class="ls-select" data-tour="maps">
      <span>Map</span>
      <select value={map.name} onChange={(event) => showMap(state, event.currentTarget.value)}>
        {maps.map(({ name, title }) => (
          <option key={name} value={name}>
            {titled(title)}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </label>
  );
}

function ColourChoice({ state }: { state: State }) {
  const columns = columnsOn(state.exhibit.value, state.map.value?.name ?? "");
  if (columns.length === 0) return null;
  const colour = state.colour.value;
  return (
    <Popover
      name="Colour by"
      class="ls-colour-choice"
      label={
        <>
          <span class="ls-muted">Colour</span> {titled(colour?.title ?? "none")}{" "}
          <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <ul class="ls-choices" data-testid="colours">
          {columns.map((card) => (
            <li key={card.name}>
              <button
                type="button"
                aria-current={card.name === colour?.name}
                onClick={() => {
                  colourBy(state, card.name);
                  say(state, `coloured by ${card.title}`);
                  close();
                }}
              >
                <b>
                  {titled(card.title)} {card.unit && <span class="ls-muted">{card.unit}</span>}
                </b>
                <small>
                  {[
                    card.meaning && sentence(card.meaning),
                    direction(card.better) && sentence(direction(card.better)),
                  ]
                    .filter(Boolean)
                    .join(" ")}
                </small>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

function ThemeSwitch({ state }: { state: State }) {
  const at = THEMES.findIndex(({ theme }) => theme === state.theme.value);
  const now = THEMES[at] ?? { icon: "half" as const, name: "Light or dark" };
  const next = THEMES[(at + 1) % THEMES.length];
  return (
    <IconButton
      icon={now.icon}
      name={`${now.name}; change`}
      onClick={() => {
        if (next) state.theme.value = next.theme;
      }}
    />
  );
}

async function share(state: State): Promise<void> {
  const aside = tooLong(state) ? "The selection is too large for a link and was left out." : "";
  await new Promise((resolve) => setTimeout(resolve, 300));
  try {
    await navigator.clipboard.writeText(location.href);
    notify(state, "The link to this view was copied.", aside);
  } catch {
    notify(state, "The address bar holds the link to this view.", aside || "copy it from there");
  }
}
