import type { Options } from "tsup";

const config: Options = {
  entry: {
    index: "src/index.ts",
    "alfworld/index": "src/alfworld/index.ts",
    "frozenlake/index": "src/frozenlake/index.ts",
    laws: "src/laws.ts",
    "sokoban/index": "src/sokoban/index.ts",
    "swebench/index": "src/swebench/index.ts",
    "textcraft/index": "src/textcraft/index.ts",
    "webshop/index": "src/webshop/index.ts",
  },
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
