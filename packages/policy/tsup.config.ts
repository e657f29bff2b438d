import type { Options } from "tsup";

const config: Options = {
  entry: {
    index: "src/index.ts",
    "doctor/index": "src/doctor/index.ts",
    "local/index": "src/local/index.ts",
    "remote/index": "src/remote/index.ts",
    "local/policy-worker": "src/engine/policy-worker.ts",
    "local/attention-helper": "src/sampling/host/attention-helper.mjs",
  },
  format: "esm",
  // A worker's path is relative to the file that starts it, so that file must not move into a
  // shared chunk.
  splitting: false,
  target: "node20",
  dts: {
    entry: {
      index: "src/index.ts",
      "doctor/index": "src/doctor/index.ts",
      "local/index": "src/local/index.ts",
      "remote/index": "src/remote/index.ts",
    },
  },
  clean: true,
  sourcemap: true,
};

export default config;
