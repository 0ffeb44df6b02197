import type { PanelProps } from "./index";

export function ComparePanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
