import {
  frozenlakeTasksSchema,
  openFrozenlakeTasks,
  type FrozenlakeTasks,
} from "@turnwise/envs/frozenlake";
import { messageTemplate } from "@turnwise/policy/remote";
import { crossingLakes } from "../experiments/small-games.ts";
import { createChatTemplateRule, toChatEvaluation } from "./chat-tasks.ts";
import type { EnvironmentDefinition } from "./environment.ts";

/** FrozenLake environment. */
export const frozenlake: EnvironmentDefinition<FrozenlakeTasks, typeof frozenlakeTasksSchema> = {
  name: "frozenlake",
  description: "generated frozen lakes, firm or slippery",
  schema: frozenlakeTasksSchema,
  open: (tasks, episode, seed) =>
    openFrozenlakeTasks(tasks, episode, seed, { messages: messageTemplate }),
  options: ["size", "holeShare", "minPath", { setting: "isSlippery", flag: "slippery" }, "format"],
  createExperiment: crossingLakes,
  experiments: [
    {
      name: "frozenlake",
      description: "small agent learns to cross frozen lakes, GRPO with AEM",
      needs: ["this machine"],
      create: crossingLakes,
    },
  ],
  serving: {
    module: "@turnwise/envs/frozenlake",
    exported: "openFrozenlakeTasks",
    tasks: {},
    sessionSettings: ["format"],
    listSplits: () => ["held_out"],
    isComplete: () => false,
  },
  chooseEvaluationSplit: () => "held_out",
  limitToEvaluation: toChatEvaluation,
  suggestTasks: (tasks) => ({ ...tasks, isSlippery: true }),
  idleRules: [createChatTemplateRule("ragen")],
};
