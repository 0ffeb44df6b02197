/** Fetches what the state asks for: the map's points, and the column it is coloured by. */

import { batch, effect } from "@preact/signals";
import { fromHash, toHash } from "./share";
import { complain, type State } from "./state";

const HASH_MS = 250;

/** Keep points and values in step with what is chosen; returns how to stop. */
export function keepLoading(state: State): () => void {
  const stopPoints = effect(() => {
    const key = state.key.value;
    const map = state.map.value?.name;
    if (!map) {
      state.points.value = null;
      return;
    }
    state.shelf.points(key, map).then(
      (points) => {
        const current = state.key.peek() === key && state.map.peek()?.name === map;
        if (current) state.points.value = points;
      },
      (reason) => complain(state, reason),
    );
  });
  const stopValues = effect(() => {
    const key = state.key.value;
    const card = state.colour.value;
    if (!card) {
      state.values.value = null;
      return;
    }
    state.shelf.column(key, card.name).then(
      (values) => {
        const current = state.key.peek() === key && state.colour.peek()?.name === card.name;
        if (current) {
          batch(() => {
            state.values.value = values;
            state.coloured.value = card;
          });
        }
      },
      (reason) => complain(state, reason),
    );
  });
  return () => {
    stopPoints();
    stopValues();
  };
}

/** Read the address once and then write what is seen into it; returns how to stop. */
export function keepAddress(state: State): () => void {
  fromHash(state, location.hash);
  let timer = 0;
  let written = location.hash;
  const stop = effect(() => {
    const hash = toHash(state);
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      written = hash;
      if (location.hash !== hash) history.replaceState(history.state, "", hash);
    }, HASH_MS);
  });
  const changed = () => {
    if (location.hash !== written) fromHash(state, location.hash);
  };
  addEventListener("hashchange", changed);
  return () => {
    stop();
    clearTimeout(timer);
    removeEventListener("hashchange", changed);
  };
}
