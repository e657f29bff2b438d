import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts", "src/reader/index.ts", "src/reader/node.ts", "src/study/index.ts"],
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
