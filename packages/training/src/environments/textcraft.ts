import {
  openTextcraftTasks,
  textcraftTasksSchema,
  type TextcraftTasks,
} from "@turnwise/envs/textcraft";
import { messageTemplate } from "@turnwise/policy/remote";
import { craftingItems } from "../experiments/small-games.ts";
import { createChatTemplateRule, toChatEvaluation } from "./chat-tasks.ts";
import type { EnvironmentDefinition } from "./environment.ts";

/** TextCraft environment. */
export const textcraft: EnvironmentDefinition<TextcraftTasks, typeof textcraftTasksSchema> = {
  name: "textcraft",
  description: "items to craft, by recipes that are generated or read from files",
  schema: textcraftTasksSchema,
  open: (tasks, episode, seed) =>
    openTextcraftTasks(tasks, episode, seed, { messages: messageTemplate }),
  options: [
    { setting: "path", flag: "recipes", value: "folder" },
    "minDepth",
    "maxDepth",
    "maxIngredients",
    "maxCount",
    "maxOutput",
    "numDistractors",
    "format",
  ],
  createExperiment: craftingItems,
  experiments: [
    {
      name: "textcraft",
      description: "small agent crafts items by generated recipes, GRPO with AEM",
      needs: ["this machine"],
      create: craftingItems,
    },
  ],
  serving: {
    module: "@turnwise/envs/textcraft",
    exported: "openTextcraftTasks",
    tasks: {},
    sessionSettings: ["format"],
    listSplits: () => ["held_out"],
    isComplete: () => false,
  },
  chooseEvaluationSplit: () => "held_out",
  limitToEvaluation: toChatEvaluation,
  suggestTasks: (tasks) => ({ ...tasks, maxDepth: tasks.maxDepth + 1 }),
  idleRules: [
    createChatTemplateRule("agentgym"),
    {
      paths: ["tasks.maxIngredients", "tasks.maxCount", "tasks.maxOutput"],
      isIdle: ({ tasks }) => tasks.path !== null,
      why: "with tasks.path: recipes are not generated",
    },
  ],
  findConflict: ({ tasks: { minDepth, maxDepth } }) =>
    minDepth > maxDepth
      ? `tasks.minDepth must be <= tasks.maxDepth (${maxDepth}), got ${minDepth}`
      : undefined,
};
