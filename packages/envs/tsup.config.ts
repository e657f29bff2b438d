import { readFileSync } from "node:fs";
import type { Options } from "tsup";

/** Exports of the package, with their source files. */
const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly "turnwise-source": string }>>;
};

const config: Options = {
  // `alfworld/index` from `./src/alfworld/index.ts`.
  entry: Object.fromEntries(
    Object.values(exports).map(({ "turnwise-source": source }) => [
      source.replace(/^\.\/src\/(.*)\.ts$/u, "$1"),
      source,
    ]),
  ),
  format: "esm",
  target: "node20",
  dts: true,
  clean: true,
  sourcemap: true,
};

export default config;
