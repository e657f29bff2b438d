import type { ServedEnvironment } from "@turnwise/envs/serve";
import { z } from "zod";
import type { BuiltInEnvironment, EnvironmentTasks } from "../environments/environment.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { unwrapSchema } from "../settings/schema-parts.ts";

/** Options of {@link serveBuiltIn}. */
export interface ServeTaskOptions {
  /**
   * Maximum number of tasks per split. Default: all tasks of a file; of generated tasks, 1024 for
   * `train` and 256 for other splits.
   */
  readonly numTasks?: number;
  /** Maximum number of turns of an episode. Default: the paper's limit, or the experiment's. */
  readonly maxTurns?: number;
  /** Reward of success. Default: the experiment's. */
  readonly successReward?: number;
}

/** Default numbers of generated tasks, limited because every thread generates the tasks. */
const numGenerated = { train: 1024, others: 256 };

/** Creates the served environment of a built-in environment, with the tasks of an experiment. */
export function serveBuiltIn(
  environment: BuiltInEnvironment,
  {
    tasks,
    episode,
    seed,
  }: Pick<ExperimentSettings, "episode" | "seed"> & {
    readonly tasks: EnvironmentTasks;
  },
  { numTasks, maxTurns, successReward = episode.successReward }: ServeTaskOptions = {},
): ServedEnvironment {
  const { serving, paper, name, description } = environment;
  const all = Number.MAX_SAFE_INTEGER;
  const isComplete = serving.isComplete(tasks);
  const whole: EnvironmentTasks = {
    ...tasks,
    numTraining: numTasks ?? (isComplete ? all : numGenerated.train),
  };
  const turns = maxTurns ?? paper?.setting.maxTurns.value ?? episode.maxTurns;
  const limits = { ...episode, maxTurns: turns, successReward };
  const listParameters = (chosen: Readonly<Record<string, unknown>>): readonly unknown[] => {
    const merged: EnvironmentTasks = { ...whole, ...chosen };
    const evaluation = serving.listSplits(merged).map((split) => ({
      split,
      numTasks: numTasks ?? (isComplete ? all : numGenerated.others),
      ifPresent: true,
    }));
    return [{ ...merged, evaluation }, limits, seed];
  };
  return {
    name,
    description: `${description[0]!.toUpperCase()}${description.slice(1)}.`,
    maxTurns: turns,
    settings: Object.fromEntries(
      serving.sessionSettings.map((setting) => [
        setting,
        createOptional(environment.schema, setting),
      ]),
    ),
    tasks: {
      kind: "threads",
      module: serving.module,
      exported: serving.exported,
      listParameters,
      ...(serving.maxThreads !== undefined && { maxThreads: serving.maxThreads }),
    },
    ...(serving.isPrompted !== undefined && { isPrompted: serving.isPrompted }),
    ...(serving.createTools && { tools: serving.createTools(tasks) }),
  };
}

/**
 * Schema of an optional task setting: a session that does not choose it keeps the server's value.
 */
function createOptional(schema: z.core.$ZodType, name: string): z.ZodType {
  const field = schema instanceof z.ZodObject ? schema.shape[name] : undefined;
  if (field === undefined) throw new TypeError(`serveBuiltIn: no setting ${name}`);
  const { schema: inner, isNullable, description, unit } = unwrapSchema(field as z.ZodType);
  const value = isNullable ? z.nullable(inner) : inner;
  return z.optional(value).meta({
    ...(description !== undefined && { description }),
    ...(unit !== undefined && { unit }),
  });
}
