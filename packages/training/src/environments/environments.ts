import type { TaskEpisode, TaskSource } from "@turnwise/envs";
import {
  alfworldTasksSchema,
  openAlfworldTasks,
  type AlfworldTasks,
} from "@turnwise/envs/alfworld";
import {
  openSwebenchTasks,
  swebenchTasksSchema,
  type SwebenchTasks,
} from "@turnwise/envs/swebench";
import { openWebshopTasks, webshopTasksSchema, type WebshopTasks } from "@turnwise/envs/webshop";
import {
  alfworldSetting,
  sweBenchSetting,
  webshopSetting,
  type PaperSetting,
} from "@turnwise/estimators";
import { messageTemplate } from "@turnwise/policy/remote";

/** An environment that comes with Turnwise: its settings, its task source, and its paper's setting. */
interface EnvironmentDefinition<T extends { readonly environment: string }, S> {
  /** Value of `tasks.environment`. */
  readonly name: T["environment"];
  readonly schema: S;
  /** @throws `InputError` if there are no tasks, or they cannot be read. */
  readonly open: (tasks: T, episode: TaskEpisode, seed: number) => Promise<TaskSource>;
  /** Setting of the paper's runs in it; language models are trained in this one. */
  readonly paperSetting: PaperSetting;
}

/** ALFWorld. */
export const alfworld: EnvironmentDefinition<AlfworldTasks, typeof alfworldTasksSchema> = {
  name: "alfworld",
  schema: alfworldTasksSchema,
  open: openAlfworldTasks,
  paperSetting: alfworldSetting,
};

/** SWE-bench. */
export const swebench: EnvironmentDefinition<SwebenchTasks, typeof swebenchTasksSchema> = {
  name: "swebench",
  schema: swebenchTasksSchema,
  open: (tasks, episode, seed) =>
    openSwebenchTasks(tasks, episode, seed, { messages: messageTemplate }),
  paperSetting: sweBenchSetting,
};

/** WebShop. */
export const webshop: EnvironmentDefinition<WebshopTasks, typeof webshopTasksSchema> = {
  name: "webshop",
  schema: webshopTasksSchema,
  open: openWebshopTasks,
  paperSetting: webshopSetting,
};

/** The environments that come with Turnwise. */
export const environments = [alfworld, swebench, webshop] as const;
