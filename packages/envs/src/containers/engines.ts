import { InputError } from "@turnwise/core";
import * as z from "zod";
import { setting } from "../setting.ts";
import { count, positive } from "../task-settings.ts";
import { ContainerError } from "./container.ts";
import { ContainerPool } from "./container-pool.ts";
import { DockerEngine } from "./docker-engine.ts";

/** Settings of the container engines of a run; {@link engineSettings} describes every field. */
export interface EngineSettings {
  readonly hosts: readonly { readonly address: string | null; readonly maxContainers: number }[];
  readonly pull: "missing" | "never";
  readonly imageBudgetGigabytes: number | null;
}

/** Schemas of {@link EngineSettings}, as part of the settings of tasks. */
export const engineSettings: {
  readonly [K in keyof EngineSettings]: z.ZodType<EngineSettings[K], EngineSettings[K]>;
} = {
  hosts: setting(
    z
      .array(
        z.strictObject({
          address: setting(
            z.string().min(1).nullable(),
            "Address of the container engine; null for DOCKER_HOST",
          ),
          maxContainers: setting(
            count,
            "Maximum number of containers at the same time",
            "containers",
          ),
        }),
      )
      .min(1),
    "Container engines, each with its address and maximum number of containers",
  ),
  pull: setting(z.enum(["missing", "never"]), "Pull missing images, or never pull"),
  imageBudgetGigabytes: setting(
    positive.nullable(),
    "Disk space for images on each engine; null for no limit",
    "GiB",
  ),
};

/**
 * Connects to the container engines of a run.
 * @param name - Name of the tasks, for messages.
 * @param prepare - Builds the images that the tasks need on an engine.
 * @throws `InputError` if an engine does not respond or `prepare` fails.
 */
export async function connectEngines(
  name: string,
  { hosts, pull, imageBudgetGigabytes }: EngineSettings,
  prepare: (engine: DockerEngine) => Promise<void> = async () => undefined,
): Promise<ContainerPool> {
  const engines: DockerEngine[] = [];
  try {
    for (const { address } of hosts) {
      engines.push(
        await DockerEngine.connect({
          pull,
          ...(address !== null && { address }),
          ...(imageBudgetGigabytes !== null && {
            imageBudgetBytes: imageBudgetGigabytes * 2 ** 30,
          }),
        }),
      );
    }
    for (const engine of engines) await prepare(engine);
  } catch (error) {
    await Promise.all(engines.map(async (engine) => engine.close()));
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`${name}: ${error.message}`, { cause: error });
  }
  return new ContainerPool(
    engines.map((engine, i) => ({ engine, maxContainers: hosts[i]!.maxContainers })),
  );
}
