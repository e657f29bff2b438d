import type { ViteUserConfig } from "vitest/config";

/** Tests read the sources of all packages, so that they need no build. */
const conditions = ["turnwise-source", "node", "import", "default"];

const config: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "apps/*/src/**/*.test.ts",
      "apps/*/e2e/**/*.test.ts",
      "examples/**/*.test.ts",
      "scripts/*.test.ts",
    ],
    // No limits: they would fail correct tests on a busy machine. CI ends a run that hangs; scripts/pending-reporter.ts
    // names its test.
    testTimeout: 0,
    hookTimeout: 0,
    // Half of the time goes into waiting, for containers and for other processes.
    maxWorkers: "100%",
    setupFiles: ["scripts/fast-check.setup.ts"],
  },
};

export default config;
