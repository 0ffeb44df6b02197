/** An image of the reader's own: dropped anywhere, pasted, or chosen. */

import { batch, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon } from "../look/icons";
import { showPlace } from "./map_view";
import { can, complain, notify, type State, say } from "./state";

const LARGEST = 32 * 2 ** 20;

/** Encode an image and show where it lands. */
export async function takeImage(state: State, image: Blob): Promise<void> {
  const encode = can(state.exhibit.value, "encode");
  if (!encode.possible) {
    notify(state, `This run cannot encode an image: ${encode.why}`, encode.hint, true);
    return;
  }
  if (image.size > LARGEST) {
    notify(state, "The image is larger than 32 MB.", "make it smaller and drop it again", true);
    return;
  }
  const key = state.key.value;
  try {
    const landed = await state.source.drop(key, image);
    if (state.key.value !== key) return;
    batch(() => {
      state.landed.value = landed;
      state.pinned.value = null;
      state.panel.value = "sample";
    });
    const place = landed.dropped.places[state.map.value?.name ?? ""];
    if (place) showPlace(state, place[0], place[1]);
    say(state, place ? "Your image is on the map" : "Your image was encoded");
  } catch (reason) {
    complain(state, reason);
  }
}

/** Watches `scope` for dropped and pasted images, and shows that it does. */
export function DropZone({ state, scope }: { state: State; scope: Document | HTMLElement }) {
  const over = useSignal(false);
  useEffect(() => {
    const target: EventTarget = scope;
    let depth = 0;
    const files = (event: Event) => (event as DragEvent).dataTransfer?.types.includes("Files");
    const enter = (event: Event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth += 1;
      over.value = true;
    };
    const leave = () => {
      depth = Math.max(0, depth - 1);
      over.value = depth > 0;
    };
    const hold = (event: Event) => {
      if (files(event)) event.preventDefault();
    };
    const drop = (event: Event) => {
      depth = 0;
      over.value = false;
      const file = (event as DragEvent).dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      takeImage(state, file);
    };
    const paste = (event: Event) => {
      const file = (event as ClipboardEvent).clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      takeImage(state, file);
    };
    const heard: [string, (event: Event) => void][] = [
      ["dragenter", enter],
      ["dragleave", leave],
      ["dragover", hold],
      ["drop", drop],
      ["paste", paste],
    ];
    for (const [name, listener] of heard) target.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of heard) target.removeEventListener(name, listener);
    };
  }, [state, scope, over]);
  if (!over.value) return null;
  const encode = can(state.exhibit.value, "encode");
  return (
    <div class="ls-drop">
      <div class="ls-card">
        <Icon name="image" />
        <p>
          {encode.possible
            ? "Drop the image to see where the model puts it"
            : `No image can be encoded here: ${encode.why}`}
        </p>
      </div>
    </div>
  );
}
