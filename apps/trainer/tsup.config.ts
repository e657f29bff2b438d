import { cp } from "node:fs/promises";
import type { Options } from "tsup";

const config: Options = {
  entry: { main: "src/main.ts" },
  format: "esm",
  target: "node20",
  clean: true,
  sourcemap: true,
  // The page of `turnwise view`, which turbo builds before this package.
  onSuccess: () => cp("../viewer/dist", "dist/viewer", { recursive: true }),
};

export default config;
