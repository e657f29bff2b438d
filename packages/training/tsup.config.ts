import type { Options } from "tsup";

const entry = {
  index: "src/index.ts",
  "analysis/index": "src/analysis/index.ts",
  "reader/index": "src/reader/index.ts",
  "reader/node": "src/reader/node.ts",
  "serve/index": "src/serve/index.ts",
  "study/index": "src/study/index.ts",
};

const config: Options = {
  // The worker must be in the same folder as the file that starts it. All files except the reader's
  // are in one folder.
  entry: { ...entry, "compress-worker": "src/records/compress-worker.mjs" },
  format: "esm",
  target: "node20",
  dts: { entry },
  clean: true,
  sourcemap: true,
};

export default config;
