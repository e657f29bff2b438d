import { resolve } from "node:path";
import type { TaskSource } from "@turnwise/envs";
import type { ServedEnvironment } from "@turnwise/envs/serve";
import { findEnvironment } from "../environments/environments.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { importModule } from "../experiment/experiment-module.ts";
import { createExperiment } from "../experiments/find-experiment.ts";
import { InputError, readInput } from "../input-error.ts";
import { checkConfig } from "../settings/config.ts";
import { serveBuiltIn, type ServeTaskOptions } from "./serve-built-in.ts";

/** Turn limit for a task source without a limit. */
const defaultMaxTurns = 50;

/** Parts of a module that concern its tasks. */
interface ModuleTasks {
  readonly open: () => Promise<TaskSource>;
  readonly maxTurns: number;
  /** Built-in environment, for a module whose experiment uses built-in tasks. */
  readonly builtIn?: ServedEnvironment;
}

/**
 * Opens the tasks of a module, in a worker thread of a server.
 * @param path - Absolute path of the module.
 */
export async function openModuleTasks(path: string, seed: number): Promise<TaskSource> {
  const { open } = await readModule(path, seed, {});
  return open();
}

/**
 * Creates the served environment of a module, which default-exports a function of a seed that
 * returns an experiment or a task source.
 * @throws `InputError` if the module or its tasks cannot be used.
 */
export async function serveModule(
  path: string,
  seed: number,
  options: ServeTaskOptions = {},
): Promise<ServedEnvironment> {
  const { open, maxTurns, builtIn } = await readModule(path, seed, options);
  if (builtIn !== undefined) return builtIn;
  const source = await readInput(open);
  const { name, description } = source;
  await source.close?.();
  return {
    // The name of a component may be given with options.
    name: name.replaceAll(/[^\w-]+/gu, "-"),
    description,
    settings: {},
    maxTurns: options.maxTurns ?? maxTurns,
    tasks: {
      kind: "threads",
      // URL of this file, from which the thread imports `openModuleTasks`.
      module: import.meta.url,
      exported: "openModuleTasks",
      listParameters: () => [resolve(path), seed],
    },
  };
}

async function readModule(
  path: string,
  seed: number,
  options: ServeTaskOptions,
): Promise<ModuleTasks> {
  const { value } = await importModule(path);
  if (typeof value !== "function") {
    throw new InputError(
      `${path}: module must default-export a function of a seed, got ${typeof value}`,
    );
  }
  const create = value as (seed: number) => unknown;
  const made = await readInput(() => create(seed));
  if (isTaskSource(made)) return { open: async () => made, maxTurns: defaultMaxTurns };
  const { settings, parts } = await createExperiment(path, () => made, seed);
  const config = checkConfig(settings, path);
  const environment = findEnvironment(config.tasks.environment);
  return {
    open: () => openTasks(config, parts),
    maxTurns: config.episode.maxTurns,
    ...(environment !== undefined && {
      // The discriminator names the environment to which these settings belong.
      builtIn: serveBuiltIn(environment, config as never, options),
    }),
  };
}

function isTaskSource(value: unknown): value is TaskSource {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "createEnvironment") === "function" &&
    Array.isArray(Reflect.get(value, "training"))
  );
}
