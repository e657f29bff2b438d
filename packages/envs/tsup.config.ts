import { readFileSync } from "node:fs";
import type { Options } from "tsup";

/** Exports of the package, with their source files. */
const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly "turnwise-source": string }>>;
};

// `alfworld/index` from `./src/alfworld/index.ts`.
const entry = Object.fromEntries(
  Object.values(exports).map(({ "turnwise-source": source }) => [
    source.replace(/^\.\/src\/(.*)\.ts$/u, "$1"),
    source,
  ]),
);

const config: Options = {
  // The thread is found next to the file that starts it.
  entry: { ...entry, "serve/episode-thread": "src/serve/episode-thread.ts" },
  format: "esm",
  target: "node20",
  dts: { entry },
  clean: true,
  sourcemap: true,
};

export default config;
