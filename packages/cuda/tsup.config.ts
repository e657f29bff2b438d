import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts"],
  // Optional: it must stay a package of its own.
  external: ["koffi"],
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
