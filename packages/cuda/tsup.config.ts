import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts"],
  // koffi is an optional dependency, so it is not bundled.
  external: ["koffi"],
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
