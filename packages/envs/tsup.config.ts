import type { Options } from "tsup";

const config: Options = {
  entry: {
    index: "src/index.ts",
    "alfworld/index": "src/alfworld/index.ts",
    laws: "src/laws.ts",
    "swebench/index": "src/swebench/index.ts",
    "webshop/index": "src/webshop/index.ts",
  },
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
