import { openSokobanTasks, sokobanTasksSchema, type SokobanTasks } from "@turnwise/envs/sokoban";
import { messageTemplate } from "@turnwise/policy/remote";
import { pushingBoxes } from "../experiments/small-games.ts";
import { createChatTemplateRule, toChatEvaluation } from "./chat-tasks.ts";
import type { EnvironmentDefinition } from "./environment.ts";

/** Sokoban environment. */
export const sokoban: EnvironmentDefinition<SokobanTasks, typeof sokobanTasksSchema> = {
  name: "sokoban",
  description: "generated Sokoban rooms",
  schema: sokobanTasksSchema,
  open: (tasks, episode, seed) =>
    openSokobanTasks(tasks, episode, seed, { messages: messageTemplate }),
  options: ["width", "height", "numBoxes", "minSolution", "maxSolution", "reward", "format"],
  createExperiment: pushingBoxes,
  experiments: [
    {
      name: "sokoban",
      description: "small agent learns to solve Sokoban rooms with one box, GRPO with AEM",
      needs: ["this machine"],
      create: pushingBoxes,
    },
  ],
  serving: {
    module: "@turnwise/envs/sokoban",
    exported: "openSokobanTasks",
    tasks: {},
    sessionSettings: ["format"],
    listSplits: () => ["held_out"],
    isComplete: () => false,
  },
  chooseEvaluationSplit: () => "held_out",
  limitToEvaluation: toChatEvaluation,
  suggestTasks: (tasks) => ({ ...tasks, width: 8, height: 8 }),
  idleRules: [createChatTemplateRule("ragen")],
  findConflict: ({ tasks: { minSolution, maxSolution } }) =>
    minSolution > maxSolution
      ? `tasks.minSolution must be <= tasks.maxSolution (${maxSolution}), got ${minSolution}`
      : undefined,
};
