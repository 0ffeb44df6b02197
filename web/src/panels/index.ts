/** The dock's panels in their order; a panel's code runs when it is first opened. */

import type { FunctionComponent } from "preact";
import type { AbilityName, PanelName, State } from "../app/state";
import type { IconName } from "../look/icons";
import type { Source } from "../source/source";

/**
 * What every panel is given. `state` holds what the page knows: `state.exhibit.value` (the card),
 * `state.shelf` (fetched once: columns, points, single pictures), `state.journey`; draw on the map
 * with `overlay(state, "travel", {paths, arrows, markers})`, ask for a click on a sample with
 * `state.picking.value = (row) => …` (null again when done), show other points with
 * `state.guest.value`, speak with `say`, and report a fault with `complain`.
 */
export interface PanelProps {
  readonly state: State;
  readonly source: Source;
}

export interface PanelEntry {
  readonly name: PanelName;
  readonly title: string;
  readonly icon: IconName;
  /** What the exhibit must be able to do; the dock shows its `why` and `hint` where it cannot. */
  readonly needs?: AbilityName;
  /** Needs several runs that share samples. */
  readonly several?: boolean;
  readonly load: () => Promise<FunctionComponent<PanelProps>>;
}

export const PANELS: readonly PanelEntry[] = [
  {
    name: "sample",
    title: "Sample",
    icon: "sample",
    load: async () => (await import("./sample")).SamplePanel,
  },
  {
    name: "travel",
    title: "Travel",
    icon: "travel",
    needs: "travel",
    load: async () => (await import("./travel")).TravelPanel,
  },
  {
    name: "dials",
    title: "Dials",
    icon: "dials",
    needs: "dials",
    load: async () => (await import("./dials")).DialsPanel,
  },
  {
    name: "motion",
    title: "Motion",
    icon: "motion",
    needs: "motion",
    load: async () => (await import("./motion")).MotionPanel,
  },
  {
    name: "compare",
    title: "Compare",
    icon: "compare",
    several: true,
    load: async () => (await import("./compare")).ComparePanel,
  },
  {
    name: "training",
    title: "Training",
    icon: "training",
    needs: "training",
    load: async () => (await import("./training")).TrainingPanel,
  },
];
