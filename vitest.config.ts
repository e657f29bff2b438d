import { configDefaults, type ViteUserConfig } from "vitest/config";

/** Tests read the sources of all packages, so that they need no build. */
const conditions = ["turnwise-source", "node", "import", "default"];

/** Tests that change the state of their process: environment variables, timers, exit code, console, devices. */
const isolated = [
  "apps/trainer/e2e/**/*.test.ts",
  "apps/trainer/src/command-line.test.ts",
  "apps/trainer/src/commands/swebench.test.ts",
  "packages/cuda/src/**/*.test.ts",
  "packages/envs/src/containers/silent-engine.test.ts",
  "packages/policy/src/**/*{cuda,webgpu}*.test.ts",
  "packages/policy/src/doctor/diagnose.test.ts",
  "packages/training/src/export/mlflow-exporter.test.ts",
  "packages/training/src/policy/read-api-key.test.ts",
  "packages/training/src/report/*.test.ts",
];

const config: ViteUserConfig = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // No limits: they would fail correct tests on a busy machine. CI ends a run that hangs; scripts/pending-reporter.ts
    // names its test.
    testTimeout: 0,
    hookTimeout: 0,
    // Half of the time goes into waiting, for containers and for other processes.
    maxWorkers: "100%",
    setupFiles: ["scripts/fast-check.setup.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          // Files share the modules of their worker: most of the time went into loading them again.
          isolate: false,
          include: [
            "packages/*/src/**/*.test.ts",
            "apps/*/src/**/*.test.ts",
            "examples/**/*.test.ts",
            "scripts/*.test.ts",
          ],
          exclude: [...configDefaults.exclude, ...isolated],
        },
      },
      { extends: true, test: { name: "isolated", include: isolated } },
    ],
  },
};

export default config;
