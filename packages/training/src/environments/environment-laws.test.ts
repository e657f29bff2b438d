import { environmentClaims, environmentLaws, type EnvironmentClaim } from "@turnwise/envs/laws";
import type { TaskSource } from "@turnwise/envs";
import { afterAll, describe, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { shopping } from "../experiments/shopping.ts";
import { softwareDemo } from "../experiments/software.ts";
import { InputError } from "../input-error.ts";
import type { ExperimentInput } from "../experiment/experiment-schema.ts";
import { checkConfig } from "../settings/config.ts";
import { openTasks } from "./open-tasks.ts";

const opened: TaskSource[] = [];
async function open(settings: ExperimentInput): Promise<TaskSource> {
  const source = await openTasks(checkConfig(settings, "test"));
  opened.push(source);
  return source;
}
afterAll(async () => {
  for (const source of opened) await source.close?.();
});

const games = householdGames(1);
const gameTasks = { ...games.tasks, numTraining: 12, evaluation: [] };
const goals = shopping(1);
const shopTasks = { ...goals.tasks, numTraining: 12, numProducts: 100, evaluation: [] };
// As in the original shop, every page of results links to a next page, and empty pages look the
// same.
const shopClaims = environmentClaims.filter((claim) => claim !== "effective-actions");

const cases: readonly (readonly [string, TaskSource, readonly EnvironmentClaim[]])[] = [
  ["compact household games", await open({ ...games, tasks: gameTasks }), environmentClaims],
  [
    "household games of verl-agent",
    await open({ ...games, tasks: { ...gameTasks, format: "verl-agent", size: "medium" } }),
    environmentClaims,
  ],
  ["compact shop", await open({ ...goals, tasks: shopTasks }), shopClaims],
  [
    "shop of verl-agent",
    await open({ ...goals, tasks: { ...shopTasks, format: "verl-agent" } }),
    shopClaims,
  ],
];

describe.each(cases)("%s", (_, source, claims) => {
  it("renders its states", async () => {
    const environment = await source.createEnvironment(source.training[0]!);
    await environment.reset();
    expect((await environment.render!()).kind).toBe(
      source.name === "webshop" ? "shop" : "household",
    );
  });
  for (const { name, check } of environmentLaws(source, claims)) it(`law of ${name}`, check);
});

/** Opens software tasks; `undefined` if no container engine is available. */
async function openSoftware(): Promise<TaskSource | undefined> {
  try {
    return await open(softwareDemo(1));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  }
}

const software = await openSoftware();
describe.skipIf(software === undefined)("software tasks in containers", () => {
  if (software === undefined) return;
  // Every episode creates a container, so play few. Test output contains times, so replies are not
  // compared.
  const options = { numRuns: 2, maxTurns: 3, actions: ["ls", "submit"] };
  for (const { name, check } of environmentLaws(software, ["readable-actions"], options)) {
    it(`law of ${name}`, check);
  }
});
