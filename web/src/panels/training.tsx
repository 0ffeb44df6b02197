import type { PanelProps } from "./index";

export function TrainingPanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
