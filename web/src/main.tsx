/** The page on its own: mounts where the document asks for it. */

import { mount } from "./app/page";
import { HttpSource } from "./source/http";
import type { Source } from "./source/source";
import "./look/tokens.css";
import "./look/page.css";
import "./look/panels.css";
import "./look/charts.css";

/** Fill `#latentscape-app` if the document has it. */
export async function mountPage(source: Source = new HttpSource()): Promise<void> {
  const root = document.getElementById("latentscape-app");
  if (root) await mount(root, source, { inPage: true });
}
