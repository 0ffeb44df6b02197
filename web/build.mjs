/** Builds the page and says how large it is; fails where a file is missing or too large. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { buildStatic } from "./build_static.mjs";

const LARGEST = 400_000;
const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.env.OUT ?? "../src/latentscape/server/static");

await build({ root: here, logLevel: "warn" });
let packed = 0;
for (const name of ["widget.js", "widget.css", "notices.txt"]) {
  const file = join(out, name);
  if (!existsSync(file)) throw new Error(`${name} was not built`);
  const size = gzipSync(readFileSync(file)).length;
  if (name !== "notices.txt") packed += size;
  console.log(`${name}  ${(size / 1000).toFixed(1)} kB gzipped`);
}
if (packed > LARGEST) throw new Error(`${packed} bytes gzipped, more than ${LARGEST}`);
await buildStatic(here, out);
