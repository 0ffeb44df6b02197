import type { PanelProps } from "./index";

export function TravelPanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
