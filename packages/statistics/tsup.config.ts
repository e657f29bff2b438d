import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts"],
  format: "esm",
  target: "node20",
  // Bundle the distributions: as dependencies they would install 240 packages for a few functions.
  noExternal: [/^@stdlib\//u],
  // Avoids the bundled CommonJS files' `require` of Node's `util` and `tty`.
  platform: "browser",
  dts: true,
  clean: true,
  // A source map would contain the sources of 150 bundled packages.
  sourcemap: false,
};

export default config;
