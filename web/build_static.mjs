/**
 * The page of an exported file: one classic script and its style, the worker that runs the decoder,
 * and its WebAssembly, gzipped. `latentscape export --format html` puts them into one document.
 */

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import preact from "@preact/preset-vite";
import license from "rollup-plugin-license";
import { build } from "vite";

const WASM = "ort-wasm-simd-threaded.wasm";
const FILES = ["static.js", "static.css", "decoder.js", "decoder.wasm.gz", "static-notices.txt"];

/** Build into the folder `out`; fails where a file is missing. */
export async function buildStatic(root, out) {
  mkdirSync(out, { recursive: true });
  const notices = join(out, "static-notices.txt");
  await bundle(root, out, "static", "src/static.tsx", [
    license({ thirdParty: { output: notices } }),
  ]);
  const ofWorker = join(out, ".decoder-notices.txt");
  await bundle(root, out, "decoder", "src/decoder_worker.ts", [
    withoutAddress(),
    license({ thirdParty: { output: ofWorker } }),
  ]);
  writeFileSync(notices, [notices, ofWorker].map((path) => readFileSync(path, "utf8")).join("\n"));
  rmSync(ofWorker);
  const place = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
  // Level and header are fixed, so that the same runtime gives the same bytes.
  writeFileSync(join(out, "decoder.wasm.gz"), gzipSync(readFileSync(join(place, WASM)), { level: 9 }));
  rmSync(join(out, "decoder.wasm"), { force: true });
  for (const name of FILES) {
    const file = join(out, name);
    if (!existsSync(file)) throw new Error(`${name} was not built`);
    console.log(`${name}  ${(statSync(file).size / 1000).toFixed(1)} kB`);
  }
}

function bundle(root, out, name, input, plugins) {
  return build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [preact({ reactAliasesEnabled: false })],
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2022",
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: {
        input,
        plugins,
        transform: { define: { "import.meta": "{}" } },
        output: {
          format: "iife",
          codeSplitting: false,
          entryFileNames: `${name}.js`,
          assetFileNames: `${name}[extname]`,
        },
      },
    },
  });
}

/**
 * A classic script has no address of its own, and this one needs none: the runtime is handed to it.
 * Left in, the address of the WebAssembly would have it put into the script a second time.
 */
function withoutAddress() {
  return {
    name: "without-address",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("onnxruntime-web")) return null;
      const plain = code
        .replaceAll(`new URL("${WASM}",import.meta.url)`, `({href:"${WASM}"})`)
        .replaceAll("import.meta.url", "self.location.href");
      return { code: plain, map: null };
    },
  };
}
