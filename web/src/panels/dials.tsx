import type { PanelProps } from "./index";

export function DialsPanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
