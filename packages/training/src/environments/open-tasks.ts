import type { TaskSource } from "@turnwise/envs";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { createPart, noParts, type Parts } from "../experiment/experiment.ts";
import { findEnvironment } from "./environments.ts";

/**
 * Opens or generates the tasks of a run.
 * @param parts - Components of the experiment.
 * @throws `InputError` if there are no tasks, or they cannot be read.
 */
export async function openTasks(
  { tasks, episode, seed }: Pick<ExperimentSettings, "tasks" | "episode" | "seed">,
  parts: Parts = noParts,
): Promise<TaskSource> {
  if (tasks.environment === "custom") {
    return createPart<TaskSource>(parts, "tasks", tasks, { seed, episode });
  }
  return findEnvironment(tasks.environment)!.open(tasks, episode, seed);
}
