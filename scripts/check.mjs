// `npm test`: installs and runs every check that CI runs. `npm test -- NAME ...` runs some of them.
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pnpm, run } from "./pnpm.mjs";

const report = join(tmpdir(), `turnwise-tests-${process.pid}.json`);
const checks = {
  format: () => pnpm("exec", "oxfmt", "--check"),
  types: () => pnpm("run", "types"),
  lint: () => pnpm("exec", "oxlint", "--type-aware"),
  unused: () => pnpm("exec", "knip"),
  prose: () => run("node", ["scripts/prose.mjs"]),
  metadata: () => run("node", ["scripts/metadata.mjs", "--check"]),
  build: () =>
    pnpm("exec", "turbo", "run", "build", "--output-logs=errors-only", "--no-update-notifier"),
  published: () => pnpm("-r", "--filter", "./packages/*", "exec", "publint", "--strict"),
  tests: () =>
    pnpm(
      "exec",
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=./scripts/pending-reporter.ts",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ),
};

const chosen = process.argv.slice(2);
for (const name of chosen) {
  if (!(name in checks)) {
    console.error(`npm test: check must be one of ${Object.keys(checks).join(", ")}, got ${name}`);
    process.exit(2);
  }
}
install();
// Print test counts on exit, also after failed tests.
process.on("exit", () => {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report));
    console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
    rmSync(report);
  } catch {
    // No tests were run.
  }
});
for (const [name, check] of Object.entries(checks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n== ${name}`);
  check();
}
