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

/** Checked configuration with all defaults filled in. */
export type ExperimentSettings = z.output<typeof experimentSchema>;

/** Configuration as written in an experiment; fields with a default may be omitted. */
export type ExperimentInput = InputOn<z.input<typeof experimentSchema>["tasks"]>;
