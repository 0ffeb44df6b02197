import preact from "@preact/preset-vite";
import license from "rollup-plugin-license";
import { defineConfig } from "vitest/config";

const BUILT = "../src/latentscape/server/static";

/** One file that the served page and the notebook share, its style, and the notices it owes. */
export default defineConfig({
  plugins: [preact({ reactAliasesEnabled: false })],
  server: {
    fs: { allow: [".."] },
    proxy: { "/api": process.env.LATENTSCAPE ?? "http://127.0.0.1:8000" },
  },
  build: {
    outDir: process.env.OUT ?? BUILT,
    emptyOutDir: false,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: {
      input: "src/widget.tsx",
      preserveEntrySignatures: "exports-only",
      plugins: [license({ thirdParty: { output: `${process.env.OUT ?? BUILT}/notices.txt` } })],
      output: {
        codeSplitting: false,
        entryFileNames: "widget.js",
        assetFileNames: "widget[extname]",
      },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    css: true,
    testTimeout: 30_000,
  },
});
