/**
 * Disturbs runs of every kind at random moments, resumes them, and compares their results with undisturbed
 * runs.
 *
 *   npx turbo run build && npx tsx scripts/kills.ts [--kills 200] [--fault kill] [--seed 1] [--only NAME,...]
 *
 * Faults: kill, full-disk, read-only-disk; the last two need root. A run that ends before its fault does not
 * count. Prints a table of scenario, runs, faults and losses; exits with 1 if anything was lost. A run with losses
 * is kept, and its folder is printed.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom } from "../packages/core/src/index.ts";
import { disturbRuns } from "./kills/campaign.ts";
import { faults } from "./kills/faults.ts";
import { scenarios } from "./kills/scenarios.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    fault: { type: "string", default: "kill" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const numKills = Number(values.kills);
const names = values.only?.split(",");
const unknown = names?.find((name) => !scenarios.some((one) => one.name === name));
const fault = faults.find(({ name }) => name === values.fault);
if (
  !Number.isSafeInteger(numKills) ||
  numKills < 1 ||
  unknown !== undefined ||
  fault === undefined
) {
  console.error(
    `kills: --kills must be a positive integer, --fault one of ${faults.map(({ name }) => name).join(", ")}, and --only names of ${scenarios.map(({ name }) => name).join(", ")}, got ${values.kills}, ${values.fault} and ${values.only ?? "none"}`,
  );
  process.exit(2);
}
const main = fileURLToPath(new URL("../apps/trainer/dist/main.js", import.meta.url));
const chosen = scenarios.filter(
  ({ name, needsEngine }) =>
    (names?.includes(name) ?? true) &&
    (needsEngine !== true || names !== undefined || process.env["DOCKER_HOST"] !== undefined),
);
const folder = await mkdtemp(join(tmpdir(), "turnwise-kills-"));
const table: object[] = [];
let numLost = 0;
for (const scenario of chosen) {
  const target = Math.ceil(numKills / chosen.length);
  const own = join(folder, scenario.name);
  const random = createRandom(Number(values.seed)).fork(scenario.name);
  const counts = { scenario: scenario.name, fault: fault.name, runs: 0, faults: 0, lost: 0 };
  const options = { program: [main], folder: own, random, fault, maxFaults: 4 };
  for await (const { numFaults, losses } of disturbRuns(scenario, options)) {
    counts.runs += 1;
    counts.faults += numFaults;
    if (losses.length > 0) {
      counts.lost += 1;
      const kept = join(folder, `${scenario.name}-lost-${counts.lost}`);
      await cp(join(own, "results"), kept, { recursive: true });
      console.log(`${scenario.name}: ${losses.join("; ")} (kept in ${kept})`);
    }
    console.log(
      `${scenario.name}: ${counts.faults} of ${target} faults, ${counts.lost} runs with losses`,
    );
    if (counts.faults >= target) break;
  }
  numLost += counts.lost;
  table.push(counts);
  if (fault.isSurvived) execFileSync("umount", [join(own, "results")]);
  await rm(own, { recursive: true, force: true });
}
console.table(table);
if (numLost === 0) await rm(folder, { recursive: true });
process.exitCode = numLost === 0 ? 0 : 1;
