import type { PanelProps } from "./index";

export function SamplePanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
