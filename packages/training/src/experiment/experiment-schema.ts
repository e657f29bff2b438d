import { modulatorSchema, type ModulatorRecord, type ResolvedModulator } from "@turnwise/aem";
import { algorithmSchema, type Algorithm, type ResolvedAlgorithm } from "@turnwise/estimators";
import { setting } from "@turnwise/envs";
import { z } from "zod";
import { alfworld, swebench, webshop } from "../environments/environments.ts";
import { defaultTolerance } from "../loop/play-groups.ts";
import { customSchema, orCustom } from "./custom.ts";
import {
  checkpointsSchema,
  engineSchema,
  episodeSchema,
  evaluationSchema,
  failuresSchema,
  modelSchemas,
  trainingSchema,
  warmStartSchema,
} from "./sections.ts";

/**
 * Every setting of a training run, as plain data: the one schema behind experiments, configuration
 * files, `--set`, run folders and `turnwise config`.
 */
export const experimentSchema = z.strictObject({
  experiment: setting(z.string().min(1), "Name of the experiment"),
  seed: setting(z.int().nonnegative(), "Seed of tasks, weights, demonstrations and every draw"),
  tasks: setting(
    z.discriminatedUnion("environment", [
      alfworld.schema,
      swebench.schema,
      webshop.schema,
      customSchema("environment"),
    ]),
    "Tasks to train and evaluate on",
  ),
  episode: setting(episodeSchema, "Limits and rewards of an episode"),
  model: setting(
    z.discriminatedUnion("source", [...modelSchemas, customSchema("source")]),
    "Policy to train",
  ),
  warmStart: setting(warmStartSchema, "Imitation of demonstrations before reinforcement learning"),
  training: setting(trainingSchema, "Sizes of an iteration, and the optimizer"),
  algorithm: setting(
    algorithmSchema satisfies z.ZodType<ResolvedAlgorithm>,
    "Algorithm: advantages, losses, filters",
  ),
  modulation: orCustom<ResolvedModulator>(modulatorSchema).meta({
    description: "Modulator of the advantages",
  }),
  evaluation: setting(evaluationSchema, "Evaluation during and around training"),
  failures: setting(failuresSchema, "Tolerance for failures of the infrastructure").default(
    defaultTolerance,
  ),
  engine: setting(engineSchema, "Local compute"),
  checkpoints: setting(checkpointsSchema, "Checkpoints of the run"),
});

/** A checked configuration with every setting stated. */
export type ExperimentSettings = z.output<typeof experimentSchema>;

/** A configuration as an experiment states it; fields with a default may be left out. */
export type ExperimentInput = Omit<z.input<typeof experimentSchema>, "algorithm" | "modulation"> & {
  readonly algorithm: Algorithm;
  readonly modulation:
    | ModulatorRecord
    | {
        readonly kind: "custom";
        readonly name: string;
        readonly options?: Readonly<Record<string, unknown>>;
      };
};
