import { setting } from "@turnwise/envs";
import { z } from "zod";
import { taskSchemas } from "../environments/environments.ts";
import { createCustomSchema } from "./custom.ts";
import { identityFields, sectionFields, type InputOn } from "./run-schema.ts";

/**
 * Every setting of a training run, as plain data: the only schema of experiments, configuration files,
 * `--set`, run folders and `turnwise config`.
 */
export const experimentSchema = z.strictObject({
  ...identityFields,
  tasks: setting(
    z.discriminatedUnion("environment", [...taskSchemas, createCustomSchema("environment")]),
    "Tasks to train and evaluate on",
  ),
  ...sectionFields,
});

/** A checked configuration with every setting stated. */
export type ExperimentSettings = z.output<typeof experimentSchema>;

/** A configuration as an experiment states it; fields with a default may be left out. */
export type ExperimentInput = InputOn<z.input<typeof experimentSchema>["tasks"]>;
