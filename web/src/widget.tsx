/** The one bundle: the served page mounts itself, a notebook calls `render`. */

import type { RenderProps } from "@anywidget/types";
import { mount } from "./app/page";
import { mountPage } from "./main";
import { HttpSource } from "./source/http";
import { carried } from "./source/widget";

interface Traits {
  height: number;
}

/** Show the explorer in a notebook's cell; what comes back takes it away again. */
async function render({ model, el }: RenderProps<Traits>): Promise<() => void> {
  const { transport, close } = carried(model);
  const room = document.createElement("div");
  const sized = () => {
    room.style.height = `${model.get("height")}px`;
  };
  sized();
  model.on("change:height", sized);
  el.append(room);
  const unmount = await mount(room, new HttpSource(transport), { inPage: false });
  return () => {
    model.off("change:height", sized);
    unmount();
    close();
    room.remove();
  };
}

if (typeof document !== "undefined") mountPage();

export default { render };
