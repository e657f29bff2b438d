import {
  createHarborTools,
  harborTasksSchema,
  openHarborTasks,
  type HarborTasks,
} from "@turnwise/envs/harbor";
import { sweBenchSetting } from "@turnwise/estimators";
import { messageTemplate } from "@turnwise/policy/remote";
import { terminalDemo, terminalRun } from "../experiments/terminal.ts";
import type { EnvironmentDefinition } from "./environment.ts";

/** Tasks at a command line, in containers, in Harbor's format. */
export const harbor: EnvironmentDefinition<HarborTasks, typeof harborTasksSchema> = {
  name: "harbor",
  description: "Harbor tasks in containers: the example tasks, or a folder of tasks",
  schema: harborTasksSchema,
  open: (tasks, episode, seed) =>
    openHarborTasks(tasks, episode, seed, { messages: messageTemplate }),
  options: [
    {
      setting: "path",
      flag: "tasks",
      value: "folder",
      description: "folder of Harbor tasks (default: the example tasks)",
    },
    { setting: "categories", flag: "category", description: "only this category; may be repeated" },
    "skipInvalid",
    "network",
    "format",
  ],
  createExperiment: (seed, { path = null }) =>
    path === null ? terminalDemo(seed) : terminalRun(seed, path),
  experiments: [
    {
      name: "harbor",
      description: "small agent learns the example tasks, GRPO++ with AEM",
      needs: ["this machine", "a container engine"],
      create: terminalDemo,
    },
  ],
  languageModel: { setting: sweBenchSetting, tasks: {} },
  serving: {
    module: "@turnwise/envs/harbor",
    exported: "openHarborTasks",
    tasks: { format: "bash", template: "plain" },
    sessionSettings: [],
    listSplits: ({ evaluationPath }) => (evaluationPath === null ? [] : ["evaluation"]),
    isComplete: () => true,
    // All episodes share the container engines and their limits.
    maxThreads: 1,
    isPrompted: true,
    createTools: ({ format }) => createHarborTools(format),
  },
  chooseEvaluationSplit: () => "train",
  // Keep the training tasks, because they determine which tasks are held out.
  limitToEvaluation: (tasks, evaluation, isServed) => ({
    ...tasks,
    evaluation,
    ...(isServed && { template: "messages" as const }),
  }),
  idleRules: [
    {
      paths: ["warmStart.renames"],
      isIdle: () => true,
      why: "with tasks.environment harbor, whose demonstrations have no interchangeable words",
    },
    {
      paths: ["tasks.shownCharacters"],
      isIdle: ({ tasks }) => tasks.format !== "compact",
      why: "without tasks.format compact",
    },
  ],
  findConflict: ({ tasks, model }) =>
    tasks.path !== null && model.source === "new"
      ? "model.source must be folder or tinker if tasks.path (--tasks) is set, got new; see --model"
      : undefined,
  startsContainers: true,
};
