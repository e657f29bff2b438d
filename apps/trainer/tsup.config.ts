import type { Options } from "tsup";

const config: Options = {
  entry: { main: "src/main.ts" },
  format: "esm",
  target: "node20",
  clean: true,
  sourcemap: true,
};

export default config;
