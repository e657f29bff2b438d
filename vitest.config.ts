import type { ViteUserConfig } from "vitest/config";

/** Tests read the sources of all packages, so that they need no build. */
const conditions = ["turnwise-source", "node", "import", "module", "default"];

const config: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "apps/*/src/**/*.test.ts",
      "apps/*/e2e/**/*.test.ts",
      "examples/**/*.test.ts",
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["scripts/fast-check.setup.ts"],
  },
};

export default config;
