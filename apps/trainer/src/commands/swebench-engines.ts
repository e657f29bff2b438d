import {
  ContainerError,
  ContainerPool,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  type DockerEngineOptions,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { InputError } from "@turnwise/training";
import { Option, type Command } from "commander";
import { parseCount, collectValue } from "./arguments.ts";

/** Options of commands that run tests in containers. */
export interface EngineOptions {
  readonly host?: readonly string[];
  readonly containers: number;
  readonly pull: "missing" | "never";
  readonly network: "none" | "bridge";
}

/** Adds {@link EngineOptions} to a command. */
export function addEngineOptions(command: Command): Command {
  return command
    .option(
      "--host <address>",
      "address of a container engine (default: DOCKER_HOST); may be repeated",
      collectValue,
    )
    .addOption(
      new Option("--containers <number>", "number of concurrent containers per engine")
        .argParser(parseCount)
        .default(2),
    )
    .addOption(
      new Option("--pull <when>", "when to pull an image: if it is missing, or never")
        .choices(["missing", "never"])
        .default("missing"),
    )
    .addOption(
      new Option("--network <kind>", "network of the containers that run tests")
        .choices(["none", "bridge"])
        .default("none"),
    );
}

/**
 * Connects to the engines, builds the demo images that `instances` need, runs `use`, and closes the
 * engines.
 * @param command - Name of the command, for messages.
 * @throws {@link InputError} if an engine cannot be used.
 */
export async function useEngines(
  command: string,
  instances: readonly SweInstance[],
  { host, containers, pull }: EngineOptions,
  use: (pool: ContainerPool) => Promise<void>,
  connection: DockerEngineOptions = {},
): Promise<void> {
  const images = new Set(instances.map(({ image }) => image));
  const demo = demoTasks.filter(({ instance }) => images.has(instance.image));
  const engines: DockerEngine[] = [];
  try {
    for (const address of host ?? [undefined]) {
      engines.push(
        await DockerEngine.connect({
          ...connection,
          pull,
          ...(address !== undefined && { address }),
        }),
      );
    }
    for (const engine of engines) await ensureDemoImages(engine, demo);
    await use(new ContainerPool(engines.map((engine) => ({ engine, maxContainers: containers }))));
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`${command}: ${error.message}`, { cause: error });
  } finally {
    await Promise.all(engines.map(async (engine) => engine.close()));
  }
}

/**
 * Runs a function on the items in order, with as many calls at a time as the engines run
 * containers.
 */
export async function runOnEach<T>(
  items: readonly T[],
  { host, containers }: EngineOptions,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await run(item);
  };
  await Promise.all(Array.from({ length: containers * (host?.length ?? 1) }, worker));
}
