import type { Options } from "tsup";

const config: Options = {
  entry: ["src/index.ts"],
  format: "esm",
  target: "node20",
  // The distributions are bundled: as dependencies they would install 240 packages for a few functions.
  noExternal: [/^@stdlib\//u],
  // Their CommonJS files require Node's `util` and `tty` for other platforms.
  platform: "browser",
  dts: true,
  clean: true,
  // A map would hold the sources of 150 bundled packages.
  sourcemap: false,
};

export default config;
