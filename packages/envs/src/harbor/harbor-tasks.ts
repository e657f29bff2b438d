import { createRandom, InputError, readInput } from "@turnwise/core";
import * as z from "zod";
import {
  chatTemplateNames,
  pickChatTemplate,
  type ChatTemplate,
  type ChatTemplateName,
} from "../chat-template.ts";
import { connectEngines, engineSettings, type EngineSettings } from "../containers/engines.ts";
import { ensureDemoBaseImage } from "../containers/demo-base-image.ts";
import { createRandomAction } from "../scaffold/random-action.ts";
import type { ScaffoldName } from "../scaffold/scaffolds.ts";
import { setting } from "../setting.ts";
import { splitTasks, type TaskSplits } from "../split-tasks.ts";
import {
  count,
  evaluationSplits,
  nonNegative,
  positive,
  type EvaluationSplit,
  type TaskEpisode,
  type TasksSchema,
} from "../task-settings.ts";
import type { AuditRecord, TaskSource } from "../task-source.ts";
import { harborDemonstrator } from "./demonstrator.ts";
import {
  checkTask,
  harborEnvironmentFactory,
  harborTasks,
  type HarborEnvironmentOptions,
  type HarborRecord,
} from "./environment.ts";
import { loadExampleTasks } from "./examples.ts";
import { loadHarborTasks, type HarborTask } from "./load-tasks.ts";
import { HarborTaskError } from "./task-error.ts";
import { terminalScaffolds } from "./wording.ts";

/** Settings of the Harbor tasks of a run; {@link harborTasksSchema} describes every field. */
export interface HarborTasks extends EngineSettings {
  readonly environment: "harbor";
  readonly path: string | null;
  readonly evaluationPath: string | null;
  readonly skipInvalid: boolean;
  readonly categories: readonly string[];
  readonly format: ScaffoldName;
  readonly template: ChatTemplateName;
  readonly memoryGigabytes: number;
  readonly cpus: number;
  readonly network: "task" | "none";
  readonly capabilities: "none" | "standard";
  readonly hostVariables: readonly string[];
  readonly commandSeconds: number;
  readonly episodeSeconds: number | null;
  readonly verifierSeconds: number | null;
  readonly verifierFailure: "zero" | "fail";
  readonly leftovers: "keep" | "kill";
  readonly stepLimit: "cut" | "grade";
  readonly timeLimit: "fail" | "grade";
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
  readonly shownCharacters: number;
}

/** Schema of {@link HarborTasks}. */
export const harborTasksSchema: TasksSchema<
  HarborTasks,
  "skipInvalid" | "network" | "capabilities" | "hostVariables" | "verifierFailure" | "leftovers"
> = z.strictObject({
  environment: setting(z.literal("harbor"), "Environment of the tasks"),
  path: setting(
    z.string().min(1).nullable(),
    "Training tasks: a folder of Harbor tasks, or of one; null for the example tasks",
  ),
  evaluationPath: setting(
    z.string().min(1).nullable(),
    "Folder with the tasks of the `evaluation` split; null for none",
  ),
  skipInvalid: setting(
    z.boolean(),
    "Skip and report invalid and unsupported tasks, instead of failing at the first one",
  ).default(false),
  categories: setting(
    z.array(z.string().min(1)),
    "Categories (metadata.category) of the tasks to use; an empty list for all",
  ),
  format: setting(
    z.enum(Object.keys(terminalScaffolds) as ScaffoldName[]),
    "Agent scaffold: compact for small models, the others for language models",
  ),
  template: setting(
    z.enum(chatTemplateNames),
    "Prompt template: ChatML markup, plain headings, or messages for a hosted chat model",
  ),
  ...engineSettings,
  memoryGigabytes: setting(positive, "Memory limit of containers whose task states none", "GiB"),
  cpus: setting(positive, "CPU limit of containers whose task states none", "cores"),
  network: setting(
    z.enum(["task", "none"]),
    "Network: as each task states, or none for all containers and builds",
  ).default("task"),
  capabilities: setting(
    z.enum(["none", "standard"]),
    "Capabilities of root in the container: standard (to install packages and start services) or none",
  ).default("standard"),
  hostVariables: setting(
    z.array(z.string().min(1)),
    "Environment variables of this machine that tasks may read",
  ).default([]),
  commandSeconds: setting(positive, "Time limit of a command", "s"),
  episodeSeconds: setting(
    positive.nullable(),
    "Time limit of an episode, excluding the verifier; null for each task's limit (600 s if it has none)",
    "s",
  ),
  verifierSeconds: setting(
    positive.nullable(),
    "Time limit of the verifier; null for each task's limit",
    "s",
  ),
  verifierFailure: setting(
    z.enum(["zero", "fail"]),
    "Verifier without a valid reward: reward the episode with 0, or fail it without a reward",
  ).default("zero"),
  leftovers: setting(
    z.enum(["keep", "kill"]),
    "Processes that the agent left running: keep them for the verifier, or kill them",
  ).default("keep"),
  stepLimit: setting(
    z.enum(["cut", "grade"]),
    "Episode that reaches the turn limit: cut (truncated, so that algorithm.truncation applies) or grade (verify the current state)",
  ),
  timeLimit: setting(
    z.enum(["fail", "grade"]),
    "Episode that runs out of time: fail (no reward) or grade (verify the current state)",
  ),
  numTraining: setting(count, "Maximum number of training tasks", "tasks"),
  evaluation: evaluationSplits,
  shownCharacters: setting(
    nonNegative,
    "Maximum length of a tool's output in the compact format",
    "characters",
  ),
});

/** Commands of the random baseline. */
const randomCommands: readonly string[] = ["ls", "ls /", "pwd", "id", "uname"];

/**
 * Time limit of an environment call, seconds. The engine calls have their own limits, but the wait
 * for a free container or a build can be long.
 */
const queueSeconds = 86_400;

/**
 * Opens the Harbor tasks that the settings name and connects to the container engines.
 * @param options - `messages`: chat template for hosted models, used if `tasks.template` is
 *   `messages`.
 * @throws `InputError` if there are no tasks, a task is invalid, or an engine does not respond.
 */
export async function openHarborTasks(
  tasks: HarborTasks,
  episode: TaskEpisode,
  seed: number,
  { messages }: { readonly messages?: ChatTemplate } = {},
): Promise<TaskSource> {
  const template = pickChatTemplate("harbor", tasks.template, messages);
  const splits = await readSplits(tasks, seed);
  const prepare = tasks.path === null ? ensureDemoBaseImage : undefined;
  const pool = await connectEngines("harbor", tasks, prepare);
  const scaffold = terminalScaffolds[tasks.format];
  const format = scaffold.format({
    template,
    ...(tasks.format === "compact" && { maxCharacters: tasks.shownCharacters }),
  });
  let records: AuditRecord[] = [];
  const createEnvironment = harborEnvironmentFactory(splits.all, pool, {
    ...environmentOptions(tasks, episode),
    onGraded: (record) => records.push(auditRecord(record)),
  });
  const unknown = splits.all.flatMap(({ file, settings }) =>
    settings.unknownFields.map((field) => `${file}: ${field}`),
  );
  const notes = [
    ...(splits.skipped.length > 0
      ? [`${splits.skipped.length} tasks skipped (first: ${splits.skipped[0]!})`]
      : []),
    ...(unknown.length > 0
      ? [`${unknown.length} unknown fields ignored (first: ${unknown[0]!})`]
      : []),
  ];
  const evaluated = splits.evaluation.map(({ split, tasks: list }) => `${list.length} of ${split}`);
  return {
    name: "harbor",
    description: [
      `Harbor tasks: ${tasks.path ?? "examples"}; ${splits.training.length} to train, ${evaluated.join(", ") || "none"} to evaluate`,
      ...notes,
      `containers on ${pool.host}`,
    ].join("; "),
    training: harborTasks(splits.training),
    evaluation: splits.evaluation.map(({ split, tasks: list }) => ({
      split,
      tasks: harborTasks(list),
    })),
    createEnvironment,
    format,
    environmentTimeoutSeconds: queueSeconds,
    randomAction: createRandomAction(scaffold, randomCommands),
    takeRecords: () => {
      const taken = records;
      records = [];
      return taken;
    },
    ...(splits.skipped.length + unknown.length > 0 && {
      omissions: { invalidTasks: splits.skipped, unknownFields: unknown },
    }),
    demonstrator: harborDemonstrator(splits.all, {
      scaffold,
      hostVariables: tasks.hostVariables,
      createEnvironment,
      format,
      maxTurns: episode.maxTurns,
    }),
    close: async () => pool.close(),
  };
}

function environmentOptions(tasks: HarborTasks, episode: TaskEpisode): HarborEnvironmentOptions {
  return {
    scaffold: terminalScaffolds[tasks.format],
    maxSteps: episode.maxTurns,
    onStepLimit: tasks.stepLimit,
    ...(tasks.episodeSeconds !== null && { maxSeconds: tasks.episodeSeconds }),
    onTimeLimit: tasks.timeLimit,
    commandTimeoutSeconds: tasks.commandSeconds,
    container: { memoryBytes: tasks.memoryGigabytes * 2 ** 30, cpus: tasks.cpus },
    network: tasks.network,
    capabilities: tasks.capabilities,
    hostVariables: tasks.hostVariables,
    ...(tasks.verifierSeconds !== null && { verifierSeconds: tasks.verifierSeconds }),
    onVerifierFailure: tasks.verifierFailure,
    leftovers: tasks.leftovers,
    successReward: episode.successReward,
  };
}

/** Creates the audit record of a graded episode. */
function auditRecord({ taskId, ending, numSteps, verification }: HarborRecord): AuditRecord {
  const { reward, problem, changed, seconds, log } = verification;
  return {
    taskId,
    isSuspicious: changed.length > 0,
    ending,
    steps: numSteps,
    reward: reward?.value ?? null,
    rewards: reward?.parts ?? {},
    problem: problem ?? null,
    changed,
    seconds,
    log,
  };
}

interface Splits extends TaskSplits<HarborTask> {
  /** Messages about skipped tasks. */
  readonly skipped: readonly string[];
}

async function readSplits(settings: HarborTasks, seed: number): Promise<Splits> {
  const { path, evaluationPath, categories, skipInvalid } = settings;
  const skipped: string[] = [];
  const select = (tasks: readonly HarborTask[]): readonly HarborTask[] =>
    createRandom(seed)
      .fork("harbor/tasks")
      .shuffle(
        tasks.filter(
          ({ settings: { category } }) =>
            categories.length === 0 || (category !== null && categories.includes(category)),
        ),
      );
  const load = async (folder: string, prefix = ""): Promise<readonly HarborTask[]> => {
    const loaded = await readInput(() =>
      loadHarborTasks(folder, {
        ...(skipInvalid && { onInvalid: (error) => skipped.push(error.message) }),
      }),
    );
    const usable: HarborTask[] = [];
    for (const task of loaded) {
      try {
        checkTask(task, { network: settings.network, hostVariables: settings.hostVariables });
        usable.push({ ...task, id: `${prefix}${task.id}` });
      } catch (error) {
        if (!(error instanceof HarborTaskError)) throw error;
        if (!skipInvalid) throw new InputError(error.message, { cause: error });
        skipped.push(error.message);
      }
    }
    return select(usable);
  };
  const known = path === null ? select(await loadExampleTasks()) : await load(path);
  if (known.length === 0) {
    const reason = categories.length > 0 ? ` of ${categories.join(", ")}` : "";
    throw new InputError(`harbor: ${path ?? "examples"} contains no valid tasks${reason}`);
  }
  // Tasks of two folders may have equal paths.
  const others = evaluationPath === null ? [] : await load(evaluationPath, "evaluation/");
  const loaded = { training: known, evaluation: others };
  return { ...splitTasks("harbor", "tasks", loaded, settings), skipped };
}
