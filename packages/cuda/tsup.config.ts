import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts"],
  // Optional dependency, so it must stay a separate package.
  external: ["koffi"],
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
