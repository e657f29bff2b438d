import type { TaskSource } from "@turnwise/envs";
import type { TrainConfig } from "../config.ts";
import { openAlfworldTasks } from "./alfworld-tasks.ts";
import { openSwebenchTasks } from "./swebench-tasks.ts";
import { openWebshopTasks } from "./webshop-tasks.ts";

/**
 * Opens or generates the tasks that a configuration names.
 * @throws `InputError` if there are none, or they cannot be read.
 */
export async function openTasks({ tasks, episode, seed }: TrainConfig): Promise<TaskSource> {
  if (tasks.environment === "swebench") return openSwebenchTasks(tasks, episode, seed);
  if (tasks.environment === "webshop") return openWebshopTasks(tasks, episode, seed);
  return openAlfworldTasks(tasks, episode, seed);
}
