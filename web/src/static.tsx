/** An exported file: the same page over what the document itself carries. */

import { mountPage } from "./main";
import { StaticSource } from "./source/static";

/** Milliseconds after which the decoder is got ready, so that the map is drawn first. */
const SOON = 50;

declare global {
  interface Window {
    /** For whoever wants to ask the file in the browser's console. */
    latentscape?: { readonly source: StaticSource };
  }
}

async function open(): Promise<void> {
  const source = new StaticSource();
  window.latentscape = { source };
  await mountPage(source);
  setTimeout(() => source.warm().catch(() => {}), SOON);
}

// The script stands before the data, so that a file that was cut short can say so.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", open);
else void open();
