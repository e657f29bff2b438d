import { createRandom, InputError, readInput } from "@turnwise/core";
import type { TaskSource } from "../task-source.ts";
import { sweScaffolds, type ScaffoldName } from "../scaffold/scaffolds.ts";
import {
  chatTemplateNames,
  pickChatTemplate,
  type ChatTemplate,
  type ChatTemplateName,
} from "../chat-template.ts";
import { connectEngines, engineSettings, type EngineSettings } from "../containers/engines.ts";
import { demoTasks } from "./demo/tasks.ts";
import { demoById, sweDemonstrator } from "./demonstrator.ts";
import { ensureDemoImages } from "./demo/demo-images.ts";
import { createRandomAction } from "../scaffold/random-action.ts";
import { EvaluationMemory } from "./evaluation/evaluation-memory.ts";
import { loadInstances, type LoadOptions } from "./instances/load-instances.ts";
import { selectInstances } from "./instances/select-instances.ts";
import { sweAudit, type SweAudit } from "./audit.ts";
import { sweEnvironmentFactory, sweTasks, type SweEnvironmentOptions } from "./environment.ts";
import type { SweInstance } from "./instances/instance.ts";

import * as z from "zod";
import {
  count,
  evaluationSplits,
  nonNegative,
  positive,
  type TaskEpisode,
} from "../task-settings.ts";
import type { EvaluationSplit, TasksSchema } from "../task-settings.ts";
import { setting } from "../setting.ts";
import { splitTasks, type TaskSplits } from "../split-tasks.ts";

/**
 * Settings of the software-engineering tasks of a run; {@link swebenchTasksSchema} describes every
 * field.
 */
export interface SwebenchTasks extends EngineSettings {
  readonly environment: "swebench";
  readonly path: string | null;
  readonly evaluationPath: string | null;
  readonly skipInvalid: boolean;
  readonly fields: Readonly<Record<string, string>>;
  readonly repositories: readonly string[];
  readonly format: ScaffoldName;
  readonly template: ChatTemplateName;
  readonly memoryGigabytes: number;
  readonly cpus: number;
  readonly commandSeconds: number;
  readonly episodeSeconds: number;
  readonly testSeconds: number | null;
  readonly testNetwork: "none" | "bridge";
  readonly grading: "strict" | "official";
  readonly testTimeout: "unresolved" | "fail";
  readonly outOfMemory: "unresolved" | "fail";
  readonly stepLimit: "cut" | "grade";
  readonly timeLimit: "fail" | "grade";
  readonly reuseVerdicts: boolean;
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
  readonly demonstrators: "able" | "mixed";
  readonly shownCharacters: number;
}

/** Schema of {@link SwebenchTasks}. */
export const swebenchTasksSchema: TasksSchema<
  SwebenchTasks,
  "skipInvalid" | "fields" | "grading" | "testTimeout" | "outOfMemory"
> = z.strictObject({
  environment: setting(z.literal("swebench"), "Environment of the tasks"),
  path: setting(
    z.string().min(1).nullable(),
    "Training instances: a JSON, JSON Lines or Parquet file; null for the demo tasks",
  ),
  evaluationPath: setting(
    z.string().min(1).nullable(),
    "Instances of the `evaluation` split, in the same formats; null for none",
  ),
  skipInvalid: setting(
    z.boolean(),
    "Skip and report invalid rows, instead of failing at the first one",
  ).default(false),
  fields: setting(
    z.record(z.string().min(1), z.string().min(1)),
    "Field names in the files, by SWE-bench's field names; a name may be a path such as docker.image",
  ).default({}),
  repositories: setting(
    z.array(z.string().min(1)),
    "Repositories to use, with `*` as a wildcard; an empty list for all",
  ),
  format: setting(
    z.enum(Object.keys(sweScaffolds) as ScaffoldName[]),
    "Agent scaffold: compact for small models, the others for language models",
  ),
  template: setting(
    z.enum(chatTemplateNames),
    "Prompt template: ChatML markup, plain headings, or messages for a hosted chat model",
  ),
  ...engineSettings,
  memoryGigabytes: setting(positive, "Memory limit of a container", "GiB"),
  cpus: setting(positive, "CPU limit of a container", "cores"),
  commandSeconds: setting(positive, "Time limit of a command", "s"),
  episodeSeconds: setting(positive, "Time limit of an episode, excluding the tests", "s"),
  testSeconds: setting(
    positive.nullable(),
    "Time limit of the tests; null for the benchmark harness's limit",
    "s",
  ),
  testNetwork: setting(
    z.enum(["none", "bridge"]),
    "Network of the tests; the agent never has network access",
  ),
  grading: setting(
    z.enum(["strict", "official"]),
    "Grading: strict (no reward for forged output or a changed test configuration) or official (as the benchmark harness, for comparable scores)",
  ).default("official"),
  testTimeout: setting(
    z.enum(["unresolved", "fail"]),
    "Tests that time out: count as unresolved, or fail the episode without a reward",
  ).default("unresolved"),
  outOfMemory: setting(
    z.enum(["unresolved", "fail"]),
    "Tests that run out of memory: count as unresolved, or fail the episode without a reward",
  ).default("fail"),
  stepLimit: setting(
    z.enum(["cut", "grade"]),
    "Episode that reaches the turn limit: cut (truncated, so that algorithm.truncation applies) or grade (evaluate the current state)",
  ),
  timeLimit: setting(
    z.enum(["fail", "grade"]),
    "Episode that runs out of time: fail (no reward) or grade (evaluate the current state)",
  ),
  reuseVerdicts: setting(
    z.boolean(),
    "Reuse the verdict on an equal patch of the same instance; for deterministic tests only",
  ),
  numTraining: setting(count, "Maximum number of training instances", "instances"),
  evaluation: evaluationSplits,
  demonstrators: setting(
    z.enum(["able", "mixed"]),
    "Demonstrations of the demo tasks: able (all fix the issue) or mixed (one in three does); for instances from a file, the demonstrations apply the gold patch",
  ),
  shownCharacters: setting(
    nonNegative,
    "Maximum length of a tool's output in the compact format",
    "characters",
  ),
});

/** Commands of the random baseline. The benchmark has no list of admissible actions. */
const randomCommands: readonly string[] = [
  "ls",
  "git status",
  "git log --oneline -n 5",
  "git ls-files | head -n 50",
  "head -n 50 README*",
];

/**
 * Time limit of an environment call, seconds. The engine calls have their own limits, but the wait
 * for a free container can be long.
 */
const queueSeconds = 86_400;

/**
 * Opens the instances that the settings name and connects to the container engines.
 * @param options - `messages`: chat template for hosted models, used if `tasks.template` is
 *   `messages`.
 * @throws `InputError` if there are no instances, an engine does not respond, or an image cannot be
 *   built.
 */
export async function openSwebenchTasks(
  tasks: SwebenchTasks,
  episode: TaskEpisode,
  seed: number,
  { messages }: { readonly messages?: ChatTemplate } = {},
): Promise<TaskSource> {
  const template = pickChatTemplate("swebench", tasks.template, messages);
  const splits = await readSplits(tasks, seed);
  const pool = await connectEngines("swebench", tasks, async (engine) => {
    if (tasks.path !== null) return;
    await ensureDemoImages(
      engine,
      splits.all.map(({ id }) => demoById.get(id)!),
    );
  });
  const scaffold = sweScaffolds[tasks.format];
  const format = scaffold.format({
    template,
    ...(tasks.format === "compact" && { maxCharacters: tasks.shownCharacters }),
  });
  const audit = sweAudit();
  const createEnvironment = sweEnvironmentFactory(
    splits.all,
    pool,
    environmentOptions(tasks, episode, audit),
  );
  const evaluated = splits.evaluation.map(({ split, tasks: list }) => `${list.length} of ${split}`);
  const skipped =
    splits.skipped.length > 0
      ? `skipped rows: ${splits.skipped.length} (first: ${splits.skipped[0]!}); `
      : "";
  return {
    name: "swebench",
    description:
      `software tasks: ${tasks.path ?? "demo tasks"}; ${splits.training.length} to train, ` +
      `${evaluated.join(", ") || "none"} to evaluate; ` +
      skipped +
      `containers on ${pool.host}`,
    training: sweTasks(splits.training),
    evaluation: splits.evaluation.map(({ split, tasks: list }) => ({
      split,
      tasks: sweTasks(list),
    })),
    createEnvironment,
    format,
    environmentTimeoutSeconds: queueSeconds,
    randomAction: createRandomAction(scaffold, randomCommands),
    takeRecords: () => audit.take(),
    ...(splits.skipped.length > 0 && { omissions: { invalidRows: splits.skipped } }),
    demonstrator: sweDemonstrator(splits.all, tasks.demonstrators, {
      scaffold,
      createEnvironment,
      format,
      maxTurns: episode.maxTurns,
    }),
    close: async () => {
      await pool.close();
    },
  };
}

/** Environment options from the settings. */
function environmentOptions(
  tasks: SwebenchTasks,
  episode: TaskEpisode,
  audit: SweAudit,
): SweEnvironmentOptions {
  const limits = { memoryBytes: tasks.memoryGigabytes * 2 ** 30, cpus: tasks.cpus };
  const lifetimeSeconds = tasks.episodeSeconds + 600;
  return {
    scaffold: sweScaffolds[tasks.format],
    maxSteps: episode.maxTurns,
    onStepLimit: tasks.stepLimit,
    maxSeconds: tasks.episodeSeconds,
    onTimeLimit: tasks.timeLimit,
    commandTimeoutSeconds: tasks.commandSeconds,
    container: { ...limits, lifetimeSeconds },
    evaluation: {
      container: { ...limits, network: tasks.testNetwork },
      grading: tasks.grading,
      onTestTimeout: tasks.testTimeout,
      onOutOfMemory: tasks.outOfMemory,
      ...(tasks.testSeconds !== null && { testTimeoutSeconds: tasks.testSeconds }),
    },
    successReward: episode.successReward,
    ...(tasks.reuseVerdicts && { memory: new EvaluationMemory() }),
    onGraded: (record) => audit.add(record),
  };
}

interface Splits extends TaskSplits<SweInstance> {
  /** Messages about skipped rows. */
  readonly skipped: readonly string[];
}

async function readSplits(tasks: SwebenchTasks, seed: number): Promise<Splits> {
  const { path, evaluationPath, repositories } = tasks;
  const skipped: string[] = [];
  const options: LoadOptions = {
    fields: tasks.fields,
    ...(tasks.skipInvalid && { onInvalid: (error: Error) => skipped.push(error.message) }),
  };
  const loadSelected = async (file: string): Promise<SweInstance[]> =>
    selectInstances(await readInput(() => loadInstances(file, options)), {
      ...(repositories.length > 0 && { repos: repositories }),
      seed,
    });
  const known: readonly SweInstance[] =
    path === null
      ? createRandom(seed)
          .fork("swebench/tasks")
          .shuffle(demoTasks.map(({ instance }) => instance))
      : await loadSelected(path);
  const others = evaluationPath === null ? [] : await loadSelected(evaluationPath);
  const loaded = { training: known, evaluation: others };
  const splits = splitTasks("swebench", "instances", loaded, tasks);
  if (splits.training.length === 0) {
    throw new InputError(`swebench: ${path} contains no instances of ${repositories.join(", ")}`);
  }
  return { ...splits, skipped };
}
