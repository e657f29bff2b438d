import {
  createSweTools,
  openSwebenchTasks,
  swebenchTasksSchema,
  type SwebenchTasks,
} from "@turnwise/envs/swebench";
import { sweBenchSetting } from "@turnwise/estimators";
import { messageTemplate } from "@turnwise/policy/remote";
import { toPaperSetting } from "../experiments/language-model.ts";
import { deepSweRun, softwareDemo } from "../experiments/software.ts";
import type { EnvironmentDefinition, PaperExperiment } from "./environment.ts";

const paper: PaperExperiment<SwebenchTasks> = {
  setting: sweBenchSetting,
  tasks: {},
  needs: ["a GPU", "a container engine", "data", "a model"],
  create: (seed) => deepSweRun(seed, "r2e-gym.parquet"),
};

/** Software-engineering tasks in containers (SWE-bench). */
export const swebench: EnvironmentDefinition<SwebenchTasks, typeof swebenchTasksSchema> = {
  name: "swebench",
  description: "software-engineering tasks in containers: the demo tasks, or instances from a file",
  schema: swebenchTasksSchema,
  open: (tasks, episode, seed) =>
    openSwebenchTasks(tasks, episode, seed, { messages: messageTemplate }),
  options: [
    {
      setting: "path",
      flag: "instances",
      value: "file",
      description: "JSON lines, JSON or parquet (default: the demo tasks)",
    },
    "format",
  ],
  createExperiment: (seed, { path = null }) =>
    path === null ? softwareDemo(seed) : deepSweRun(seed, path),
  experiments: [
    {
      name: "swebench",
      description: "small agent learns to fix the demo repositories, GRPO++ with AEM",
      needs: ["this machine", "a container engine"],
      create: softwareDemo,
    },
    {
      name: "swebench-deep-swe",
      description: "language model on R2E-Gym as DeepSWE published it, with AEM",
      needs: paper.needs,
      create: (seed) => toPaperSetting(paper, paper.create(seed), "Qwen3-32B"),
    },
  ],
  paper,
  serving: {
    module: "@turnwise/envs/swebench",
    exported: "openSwebenchTasks",
    tasks: { format: "r2e", template: "plain" },
    sessionSettings: [],
    listSplits: ({ evaluationPath }) => (evaluationPath === null ? [] : ["evaluation"]),
    isComplete: () => true,
    // All episodes share the container engines and their limits.
    maxThreads: 1,
    isPrompted: true,
    createTools: ({ format }) => createSweTools(format),
  },
  chooseEvaluationSplit: ({ path }) => (path === null ? "train" : "held_out"),
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
      why: "with tasks.environment swebench, whose demonstrations have no interchangeable words",
    },
    {
      paths: ["tasks.demonstrators"],
      isIdle: ({ warmStart }) => warmStart.numDemonstrations === 0,
      why: "with warmStart.numDemonstrations 0",
    },
    {
      paths: ["tasks.shownCharacters"],
      isIdle: ({ tasks }) => tasks.format !== "compact",
      why: "without tasks.format compact",
    },
  ],
  findConflict: ({ tasks, model }) =>
    tasks.path !== null && model.source === "new"
      ? "model.source must be folder or tinker if tasks.path (--instances) is set, got new; see --model"
      : undefined,
  startsContainers: true,
};
