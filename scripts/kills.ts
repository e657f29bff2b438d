/**
 * Kills runs of every kind at random moments, resumes them, and compares their results with undisturbed runs.
 *
 *   npx turbo run build && npx tsx scripts/kills.ts [--kills 200] [--seed 1] [--only NAME,...]
 *
 * Prints a table of scenario, runs, kills and losses; exits with 1 if anything was lost. A run with losses
 * is kept, and its folder is printed.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom } from "../packages/core/src/index.ts";
import { killRuns } from "./kills/campaign.ts";
import { scenarios } from "./kills/scenarios.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const numKills = Number(values.kills);
const names = values.only?.split(",");
const unknown = names?.find((name) => !scenarios.some((one) => one.name === name));
if (!Number.isSafeInteger(numKills) || numKills < 1 || unknown !== undefined) {
  console.error(
    `kills: --kills must be a positive integer, and --only names of ${scenarios.map(({ name }) => name).join(", ")}, got ${values.kills} and ${values.only ?? "none"}`,
  );
  process.exit(2);
}
const main = fileURLToPath(new URL("../apps/trainer/dist/main.js", import.meta.url));
const chosen = scenarios.filter(
  ({ name, needsEngine }) =>
    (names?.includes(name) ?? true) && (needsEngine !== true || names !== undefined || hasEngine()),
);
const folder = await mkdtemp(join(tmpdir(), "turnwise-kills-"));
const table: object[] = [];
let numLost = 0;
for (const scenario of chosen) {
  const target = Math.ceil(numKills / chosen.length);
  const own = join(folder, scenario.name);
  const random = createRandom(Number(values.seed)).fork(scenario.name);
  const counts = { scenario: scenario.name, runs: 0, kills: 0, lost: 0 };
  const options = { program: [main], folder: own, random, maxKills: 4 };
  for await (const { numKills: kills, losses } of killRuns(scenario, options)) {
    counts.runs += 1;
    counts.kills += kills;
    if (losses.length > 0) {
      counts.lost += 1;
      const kept = join(folder, `${scenario.name}-lost-${counts.lost}`);
      await cp(join(own, "results"), kept, { recursive: true });
      console.log(`${scenario.name}: ${losses.join("; ")} (kept in ${kept})`);
    }
    console.log(
      `${scenario.name}: ${counts.kills} of ${target} kills, ${counts.lost} runs with losses`,
    );
    if (counts.kills >= target) break;
  }
  numLost += counts.lost;
  table.push(counts);
  await rm(own, { recursive: true, force: true });
}
console.table(table);
if (numLost === 0) await rm(folder, { recursive: true });
process.exitCode = numLost === 0 ? 0 : 1;

function hasEngine(): boolean {
  return process.env["DOCKER_HOST"] !== undefined;
}
