import type { TaskSource } from "@turnwise/envs";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { createPart, noParts, type Parts } from "../experiment/experiment.ts";
import { openAlfworldTasks } from "./alfworld-tasks.ts";
import { openSwebenchTasks } from "./swebench-tasks.ts";
import { openWebshopTasks } from "./webshop-tasks.ts";

/**
 * Opens or generates the tasks of a run.
 * @param parts - Components of the experiment.
 * @throws `InputError` if there are none, or they cannot be read.
 */
export async function openTasks(
  { tasks, episode, seed }: Pick<ExperimentSettings, "tasks" | "episode" | "seed">,
  parts: Parts = noParts,
): Promise<TaskSource> {
  switch (tasks.environment) {
    case "custom":
      return createPart<TaskSource>(parts, "tasks", tasks, { seed, episode });
    case "swebench":
      return openSwebenchTasks(tasks, episode, seed);
    case "webshop":
      return openWebshopTasks(tasks, episode, seed);
    case "alfworld":
  }
  return openAlfworldTasks(tasks, episode, seed);
}
