/**
 * Mutation testing of estimators and aem: applies one mutant at a time, and counts those that survive.
 *
 *   npx tsx scripts/mutation.ts [first] [last]
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { allMutants, type Mutant } from "./mutants.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const minKilledShare = 0.95;

/** Runs tests with a mutant, or without one for index -1. @returns True if a test fails. */
function failsTests(index: number, ...filter: string[]): boolean {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config=scripts/mutation.config.ts",
      "--bail=1",
      "--no-isolate",
      "--reporter=dot",
      ...filter,
    ],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TURNWISE_MUTANT: String(index) },
      timeout: 300_000,
    },
  );
  // After a syntax error or a timeout, the result does not depend on the tests.
  if (status === null || /Transform failed|SyntaxError/u.test(stdout + stderr)) {
    throw new Error(`mutant ${index} did not run:\n${stdout}${stderr}`);
  }
  return status !== 0;
}

/** Runs the fast example tests first, and the law suites only if those pass. */
function isKilled(mutant: Mutant, index: number): boolean {
  const folder = `packages/${mutant.package}/src`;
  return (
    failsTests(index, folder, "--exclude=**/laws.test.ts") ||
    failsTests(index, `${folder}/laws.test.ts`)
  );
}

const misplaced = allMutants.flatMap(({ package: name, file, find }) => {
  const code = readFileSync(`${root}/packages/${name}/src/${file}`, "utf8");
  const times = code.split(find).length - 1;
  return times === 1 ? [] : [`${name}/${file}: must contain ${find} once, got ${times} times`];
});
if (misplaced.length > 0) throw new Error(misplaced.join("\n"));
if (failsTests(-1, "packages/estimators/src", "packages/aem/src")) {
  throw new Error("the tests must pass without a mutant, got a failure");
}
const [first = 0, last = allMutants.length] = process.argv.slice(2).map(Number);
const chosen = allMutants.slice(first, last);
const survivors: Mutant[] = [];
chosen.forEach((mutant, i) => {
  const killed = isKilled(mutant, first + i);
  if (!killed) survivors.push(mutant);
  console.log(
    `${killed ? "killed  " : "SURVIVED"} ${mutant.package}/${mutant.file}: ${mutant.replace || `without ${mutant.find}`}`,
  );
});
const share = (chosen.length - survivors.length) / chosen.length;
console.log(
  `${chosen.length - survivors.length} of ${chosen.length} killed, ${(100 * share).toFixed(1)} %`,
);
if (share < minKilledShare) process.exitCode = 1;
