import { modulatorSchema, type ModulatorRecord, type ResolvedModulator } from "@turnwise/aem";
import { algorithmSchema, type Algorithm, type ResolvedAlgorithm } from "@turnwise/estimators";
import { setting } from "@turnwise/envs";
import { z } from "zod";
import { defaultTolerance } from "../loop/play-groups.ts";
import { defaultDeadlines } from "../health/watchdog.ts";
import { exportsSchema } from "../export/export-schema.ts";
import { createCustomSchema, allowCustom } from "./custom.ts";
import {
  checkpointsSchema,
  engineSchema,
  episodeSchema,
  evaluationSchema,
  failuresSchema,
  modelSchemas,
  trainingSchema,
  warmStartSchema,
  watchdogSchema,
} from "./sections.ts";

/** Settings that identify a run. */
export const identityFields = {
  experiment: setting(z.string().min(1), "Name of the experiment"),
  seed: setting(
    z.int().nonnegative(),
    "Seed of tasks, weights, demonstrations and all random draws",
  ),
} as const;

/** Settings of a run that do not depend on the environment. */
export const sectionFields = {
  episode: setting(episodeSchema, "Limits and rewards of an episode"),
  model: setting(
    z.discriminatedUnion("source", [...modelSchemas, createCustomSchema("source")]),
    "Policy to train",
  ),
  warmStart: setting(warmStartSchema, "Imitation of demonstrations before reinforcement learning"),
  training: setting(trainingSchema, "Sizes of an iteration, and the optimizer"),
  algorithm: setting(
    algorithmSchema satisfies z.ZodType<ResolvedAlgorithm>,
    "Algorithm: advantages, losses, filters",
  ),
  modulation: allowCustom<ResolvedModulator>(modulatorSchema).meta({
    description: "Modulator of the advantages",
  }),
  evaluation: setting(evaluationSchema, "Evaluation during and around training"),
  failures: setting(failuresSchema, "Tolerance for failures of the infrastructure").default(
    defaultTolerance,
  ),
  watchdog: setting(watchdogSchema, "Reports of pending work; they change no result").default(
    defaultDeadlines,
  ),
  exports: setting(exportsSchema, "Targets that the run is exported to while it trains").default(
    [],
  ),
  engine: setting(engineSchema, "Local compute"),
  checkpoints: setting(checkpointsSchema, "Checkpoints of the run"),
} as const;

type RunSchema = z.ZodObject<typeof identityFields & typeof sectionFields, z.core.$strict>;

/** Checked settings of a run with tasks of type `T`. */
export type SettingsOn<T> = z.output<RunSchema> & { readonly tasks: T };

/**
 * Settings of a run with tasks of type `T`, as written in an experiment; fields with a default may
 * be omitted.
 */
export type InputOn<T> = Omit<z.input<RunSchema>, "algorithm" | "modulation"> & {
  readonly tasks: T;
  readonly algorithm: Algorithm;
  readonly modulation:
    | ModulatorRecord
    | {
        readonly kind: "custom";
        readonly name: string;
        readonly options?: Readonly<Record<string, unknown>>;
      };
};
