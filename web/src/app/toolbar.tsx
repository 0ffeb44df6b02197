/** Tools on the map: how to move and select, and what lies over and under it. */

import { IconButton } from "../look/parts";
import { can, type State, still } from "./state";

const STEP = 1.6;

export function Toolbar({ state }: { state: State }) {
  const exhibit = state.exhibit.value;
  const decode = can(exhibit, "decode");
  const zoom = (factor: number) =>
    state.scatter.value?.zoomBy(factor, { animate: still() ? 0 : 200 });
  const tool = (name: "pan" | "lasso" | "box") => () => {
    state.tool.value = name;
  };
  return (
    <div class="ls-card ls-tools" role="toolbar" aria-label="Map tools" aria-orientation="vertical">
      <IconButton
        icon="hand"
        name="Move the map"
        keys="V"
        pressed={state.tool.value === "pan"}
        onClick={tool("pan")}
      />
      <IconButton
        icon="lasso"
        name="Select with a lasso"
        keys="L"
        pressed={state.tool.value === "lasso"}
        onClick={tool("lasso")}
      />
      <IconButton
        icon="box"
        name="Select with a box"
        keys="B"
        pressed={state.tool.value === "box"}
        onClick={tool("box")}
      />
      <hr />
      <span data-tour="lens">
        <IconButton
          icon="lens"
          name={decode.possible ? "Decode under the pointer" : `Cannot decode: ${decode.why}`}
          keys="D"
          pressed={state.lens.value && decode.possible}
          disabled={!decode.possible}
          onClick={() => {
            state.lens.value = !state.lens.value;
          }}
        />
      </span>
      {state.map.value?.manifold && (
        <IconButton
          icon="grid"
          name="Decoded grid under the map"
          keys="G"
          pressed={state.grid.value}
          disabled={!decode.possible}
          onClick={() => {
            state.grid.value = !state.grid.value;
          }}
        />
      )}
      {can(exhibit, "images").possible && (
        <IconButton
          icon="thumbs"
          name="Images when near"
          keys="I"
          pressed={state.thumbnails.value}
          onClick={() => {
            state.thumbnails.value = !state.thumbnails.value;
          }}
        />
      )}
      <hr />
      <IconButton icon="plus" name="Nearer" keys="+" onClick={() => zoom(STEP)} />
      <IconButton icon="minus" name="Farther" keys="−" onClick={() => zoom(1 / STEP)} />
      <IconButton
        icon="fit"
        name="The whole map"
        keys="0"
        onClick={() => state.scatter.value?.fit({ animate: still() ? 0 : 300 })}
      />
    </div>
  );
}
