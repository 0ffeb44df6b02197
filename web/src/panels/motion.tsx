import type { PanelProps } from "./index";

export function MotionPanel({ state }: PanelProps) {
  return <p>{state.exhibit.value.name}</p>;
}
