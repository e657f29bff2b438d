import { createRandom } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { describe, expect, it } from "vitest";
import type { BuiltInEnvironment } from "../environments/environment.ts";
import { environments } from "../environments/environments.ts";
import { InputError } from "../input-error.ts";
import { openEvaluatedPolicy } from "../policy/open-evaluated-policy.ts";
import { evaluate, type EvaluationReport } from "./evaluate.ts";

/** Formats to test in each environment; the first is the format of the experiment. */
const formats: Readonly<Record<string, readonly string[]>> = {
  alfworld: ["compact", "verl-agent", "react"],
  webshop: ["compact", "verl-agent", "react"],
  sokoban: ["compact", "ragen"],
  frozenlake: ["compact", "ragen"],
  textcraft: ["compact", "agentgym"],
  swebench: ["compact"],
  // Its baselines are tested with its task source.
  harbor: [],
};
const cases = environments.flatMap((environment) =>
  formats[environment.name]!.map((format) => ({ environment, format, name: environment.name })),
);

/** Few tasks, because starting a container takes seconds. */
const countTasks = (isSoftware: boolean): number => (isSoftware ? 4 : 12);

/**
 * Opens the tasks of an environment; `undefined` if they need a container engine and none is
 * available.
 */
async function open(
  environment: BuiltInEnvironment,
  format: string,
): Promise<{ readonly source: TaskSource; readonly maxTurns: number } | undefined> {
  const { tasks, episode } = environment.createExperiment(1, {});
  const isSoftware = environment.startsContainers === true;
  const split = isSoftware ? "train" : environment.chooseEvaluationSplit(tasks);
  const evaluation = [{ split, numTasks: countTasks(isSoftware) }];
  const changed = { ...tasks, format, ...(isSoftware ? {} : { numTraining: 0 }), evaluation };
  try {
    return { source: await environment.open(changed, episode, 1), maxTurns: episode.maxTurns };
  } catch (error) {
    if (!isSoftware || !(error instanceof InputError)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  }
}

describe.each(cases)("baselines on $name, $format", ({ environment, format }) => {
  it("play whole episodes in the format, and demonstrations do better than random actions", async (test) => {
    const opened = await open(environment, format);
    if (opened === undefined) {
      test.skip();
      return;
    }
    const { source, maxTurns } = opened;
    const { createEnvironment, format: agentFormat, environmentTimeoutSeconds } = source;
    const { tasks } = source.evaluation[0]!;
    const report = async (name: string, seed = 1): Promise<EvaluationReport> => {
      const policy = await openEvaluatedPolicy(name, {
        threads: 1,
        device: { provider: "cpu" },
        weightStorage: "auto",
      });
      return evaluate("baseline", tasks, 0, {
        ...(await policy.parts(source)),
        createEnvironment,
        format: agentFormat,
        options: {
          maxTurns,
          maxResponseTokens: 1,
          ...(environmentTimeoutSeconds !== undefined && { environmentTimeoutSeconds }),
        },
        random: createRandom(seed),
      });
    };
    const [random, demonstrator] = [await report("random"), await report("demonstrator")];
    for (const { metrics } of [random, demonstrator]) {
      expect(metrics).toMatchObject({ episodes: tasks.length, failed: 0, invalidActions: 0 });
    }
    // Random actions also solve short tasks, but need more turns.
    const rank = ({ metrics }: EvaluationReport): number =>
      metrics["success"]! - metrics["turns"]! / 1000;
    expect(rank(demonstrator)).toBeGreaterThan(rank(random));
    expect((await report("random")).groups).toEqual(random.groups);
    expect((await report("random", 2)).groups).not.toEqual(random.groups);
    await source.close?.();
  });
});
