import { createRandom } from "@turnwise/core";
import { demonstrate, type ScriptedPlayer, type TaskSource } from "@turnwise/envs";
import {
  chatMarkup,
  compactSweMarkers,
  ContainerError,
  ContainerPool,
  demoTasks,
  DockerEngine,
  encodeToolCall,
  ensureDemoImages,
  EvaluationMemory,
  loadInstances,
  plainText,
  selectInstances,
  sweAudit,
  sweEnvironmentFactory,
  sweScaffolds,
  sweTasks,
  type ChatTemplate,
  type LoadOptions,
  type DemoTask,
  type SweAudit,
  type SweEnvironmentOptions,
  type SweInstance,
  type SweScaffoldName,
} from "@turnwise/envs/swebench";
import { messageTemplate } from "@turnwise/policy/remote";
import { z } from "zod";
import {
  count,
  evaluationSplits,
  nonNegative,
  positive,
  type EpisodeConfig,
} from "../config-parts.ts";
import { InputError, reading } from "../input-error.ts";

/** Which software-engineering tasks a run works on, and in which containers. */
export const swebenchTasksSchema = z.strictObject({
  environment: z.literal("swebench"),
  /** Instances to train on: JSON lines, JSON or parquet; `null` takes the demonstration's tasks. */
  path: z.string().min(1).nullable(),
  /** Instances of the split `evaluation`, where they are others than those of `path`. */
  evaluationPath: z.string().min(1).nullable(),
  /** Rows that cannot be used are left out and counted; otherwise the first one is an error. */
  skipInvalid: z.boolean().default(false),
  /** Fields that have another name in the files: SWE-bench's name to a path, `docker.image`. */
  fields: z.record(z.string().min(1), z.string().min(1)).default({}),
  /** Only these repositories, `*` for any text; none for all. */
  repositories: z.array(z.string().min(1)),
  /** `compact` for small models; the others for language models. */
  format: z.enum(Object.keys(sweScaffolds) as SweScaffoldName[]),
  /** How messages become text: a chat template's marks, headings, or messages of a hosted model. */
  template: z.enum(["chat-markup", "plain", "messages"]),
  /** Container engines: an address, or `null` for `DOCKER_HOST`, and how many containers it may run. */
  hosts: z
    .array(z.strictObject({ address: z.string().min(1).nullable(), maxContainers: count }))
    .min(1),
  /** Whether images that an engine does not have are pulled, and what its images may take. */
  pull: z.enum(["missing", "never"]),
  imageBudgetGigabytes: positive.nullable(),
  memoryGigabytes: positive,
  cpus: positive,
  /** The longest command, and the longest episode without its tests. */
  commandSeconds: positive,
  episodeSeconds: positive,
  /** The longest run of the tests; `null` for the harness's own limit. */
  testSeconds: positive.nullable(),
  /** Whether the tests may use the network; agents never may. */
  testNetwork: z.enum(["none", "bridge"]),
  /**
   * `strict`: forged output and changed test configuration earn nothing. `official`: as the
   * benchmark's harness, for numbers that are compared with others. Runs of before have none.
   */
  grading: z.enum(["strict", "official"]).default("official"),
  /** Tests that run out of time: not resolved, or an episode without a reward. */
  testTimeout: z.enum(["unresolved", "fail"]).default("unresolved"),
  /** Tests that run out of memory, as the engine reports it. */
  outOfMemory: z.enum(["unresolved", "fail"]).default("fail"),
  /** An episode at its last turn is cut short, so that a recipe can leave it out, or graded. */
  stepLimit: z.enum(["cut", "grade"]),
  /** An episode that runs out of time has no reward, or is graded. */
  timeLimit: z.enum(["fail", "grade"]),
  /** Whether a patch that an instance had before gets the verdict it had: for tests that never waver. */
  reuseVerdicts: z.boolean(),
  /** The most instances to train on. */
  numTraining: count,
  /** `train` plays those that are trained on, `held_out` others of `path`, `evaluation` the other file. */
  evaluation: evaluationSplits,
  /**
   * Who is imitated in a warm start: `able` agents that settle the issue, or a `mixed` crowd of which
   * one in three does. Of the demonstration's tasks alone; others have the gold patch.
   */
  demonstrators: z.enum(["able", "mixed"]),
  /** Characters of an answer that the compact format shows. */
  shownCharacters: nonNegative,
});

/** See {@link swebenchTasksSchema}. */
export type SwebenchTasks = z.infer<typeof swebenchTasksSchema>;

/** The calls of the environment end by themselves, but a queue for a container may be long, seconds. */
const queueSeconds = 86_400;

const templates: Readonly<Record<SwebenchTasks["template"], ChatTemplate>> = {
  "chat-markup": chatMarkup,
  plain: plainText,
  messages: messageTemplate,
};

/**
 * Opens the instances that a configuration names, and connects to its engines.
 * @throws `InputError` if there are none, an engine does not answer, or an image cannot be made.
 */
export async function openSwebenchTasks(
  tasks: SwebenchTasks,
  episode: EpisodeConfig,
  seed: number,
): Promise<TaskSource> {
  const splits = await readSplits(tasks, seed);
  const engines: DockerEngine[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(engines.map(async (engine) => engine.close()));
  };
  try {
    for (const { address } of tasks.hosts) {
      engines.push(
        await DockerEngine.connect({
          pull: tasks.pull,
          ...(address !== null && { address }),
          ...(tasks.imageBudgetGigabytes !== null && {
            imageBudgetBytes: tasks.imageBudgetGigabytes * 2 ** 30,
          }),
        }),
      );
    }
    if (tasks.path === null) {
      const used = splits.all.map(({ id }) => demoById.get(id)!);
      for (const engine of engines) await ensureDemoImages(engine, used);
    }
  } catch (error) {
    await close();
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`swebench: ${error.message}`, { cause: error });
  }
  const pool = new ContainerPool(
    engines.map((engine, i) => ({ engine, maxContainers: tasks.hosts[i]!.maxContainers })),
  );
  const format = sweScaffolds[tasks.format].format({
    template: templates[tasks.template],
    ...(tasks.format === "compact" && { maxCharacters: tasks.shownCharacters }),
  });
  const audit = sweAudit();
  const createEnvironment = sweEnvironmentFactory(
    splits.all,
    pool,
    environmentOptions(tasks, episode, audit),
  );
  const describe = ({ split, instances }: Split): string => `${instances.length} of ${split}`;
  const leftOut =
    splits.skipped.length > 0
      ? `${splits.skipped.length} rows left out, such as ${splits.skipped[0]!}; `
      : "";
  return {
    name: "swebench",
    description:
      `software tasks: ${tasks.path ?? "the demonstration's"}; ${splits.training.length} to train, ` +
      `${splits.evaluation.map(describe).join(", ") || "none"} to evaluate; ` +
      leftOut +
      `containers on ${pool.host}`,
    training: sweTasks(splits.training),
    evaluation: splits.evaluation.map(({ split, instances }) => ({
      split,
      tasks: sweTasks(instances),
    })),
    createEnvironment,
    format,
    environmentTimeoutSeconds: queueSeconds,
    takeRecords: () => audit.take(),
    ...(splits.skipped.length > 0 && { omissions: { invalidRows: splits.skipped } }),
    demonstrator: {
      imitates: tasks.demonstrators === "mixed" ? "all" : "successes",
      markers: Object.values(compactSweMarkers),
      vocabulary: "text",
      demonstrate: async (wanted, slipShare, random) => {
        const byId = new Map(splits.all.map((instance) => [instance.id, instance]));
        const edits = new Map(
          splits.all.map((instance) => [instance.id, plansOf(instance)[0]![1]!]),
        );
        const parts = { createEnvironment, format, maxTurns: episode.maxTurns };
        const played = wanted.map(async (task) => {
          const plans = plansOf(byId.get(task.id)!);
          const shown = tasks.demonstrators === "mixed" ? plans : plans.slice(0, 1);
          const slips = {
            share: slipShare,
            // Another task's edit finds nothing to replace.
            actions: [...edits].filter(([id]) => id !== task.id).map(([, action]) => action),
          };
          return Promise.all(
            shown.map(async (plan, i) =>
              demonstrate(task, planned(plan), {
                ...parts,
                ...(slipShare > 0 &&
                  slips.actions.length > 0 && {
                    slips: { ...slips, random: random.fork(`${task.id}/${i}`) },
                  }),
              }),
            ),
          );
        });
        return (await Promise.all(played)).flat();
      },
    },
    close: async () => {
      await pool.close();
    },
  };
}

/** How episodes run. */
function environmentOptions(
  tasks: SwebenchTasks,
  episode: EpisodeConfig,
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

interface Split {
  readonly split: string;
  readonly instances: readonly SweInstance[];
}

interface Splits {
  readonly training: readonly SweInstance[];
  readonly evaluation: readonly Split[];
  /** All that may be played. */
  readonly all: readonly SweInstance[];
  /** Messages about rows that were left out. */
  readonly skipped: readonly string[];
}

const demoById: ReadonlyMap<string, DemoTask> = new Map(
  demoTasks.map((task) => [task.instance.id, task]),
);

async function readSplits(tasks: SwebenchTasks, seed: number): Promise<Splits> {
  const { path, evaluationPath, repositories, numTraining } = tasks;
  const skipped: string[] = [];
  const options: LoadOptions = {
    fields: tasks.fields,
    ...(tasks.skipInvalid && { onInvalid: (error: Error) => skipped.push(error.message) }),
  };
  const chosen = async (file: string): Promise<SweInstance[]> =>
    selectInstances(await reading(() => loadInstances(file, options)), {
      ...(repositories.length > 0 && { repos: repositories }),
      seed,
    });
  const known: readonly SweInstance[] =
    path === null
      ? createRandom(seed)
          .fork("swebench/tasks")
          .shuffle(demoTasks.map(({ instance }) => instance))
      : await chosen(path);
  const training = known.slice(0, numTraining);
  const others = evaluationPath === null ? [] : await chosen(evaluationPath);
  const bySplit: Readonly<Record<string, readonly SweInstance[]>> = {
    train: training,
    held_out: known.slice(numTraining),
    evaluation: others,
  };
  const evaluation = tasks.evaluation.flatMap(({ split, numTasks, ifPresent }) => {
    const instances = bySplit[split]?.slice(0, numTasks) ?? [];
    if (instances.length > 0) return [{ split, instances }];
    if (ifPresent === true) return [];
    const counts = Object.entries(bySplit).map(([name, list]) => `${name} (${list.length})`);
    throw new InputError(
      `swebench: split must be one that holds instances, of ${counts.join(", ")}, got ${split}`,
    );
  });
  if (training.length === 0) {
    throw new InputError(`swebench: ${path} must hold instances of ${repositories.join(", ")}`);
  }
  const all = new Map(
    [...training, ...evaluation.flatMap((entry) => entry.instances)].map((i) => [i.id, i]),
  );
  return { training, evaluation, all: [...all.values()], skipped };
}

/**
 * What demonstrators do, the one who settles the issue first; of the demonstration's tasks also one
 * who only leaves a remark, and one who hands in what was there.
 */
function plansOf(instance: SweInstance): readonly (readonly string[])[] {
  const finish = encodeToolCall({ tool: "finish", arguments: { command: "submit" } });
  const demo = demoById.get(instance.id);
  if (demo === undefined) {
    const cmd = `git apply -v - <<'END_OF_PATCH'\n${instance.goldPatch}END_OF_PATCH`;
    return [[encodeToolCall({ tool: "execute_bash", arguments: { cmd } }), finish]];
  }
  const { file, from, to } = demo.mend;
  const edit = (rest: Readonly<Record<string, string>>): string =>
    encodeToolCall({ tool: "file_editor", arguments: { ...rest, path: `/testbed/${file}` } });
  const view = edit({ command: "view" });
  const replace = (text: string): string =>
    edit({ command: "str_replace", old_str: from, new_str: text });
  const indent = /^[ ]*/u.exec(from)![0];
  return [
    [view, replace(to), finish],
    [view, replace(`${indent}# This is right.\n${from}`), finish],
    [view, finish],
  ];
}

/** Does what is planned, whatever the answers. */
function planned(actions: readonly string[]): ScriptedPlayer {
  let next = 0;
  return { next: () => actions[next++] };
}
