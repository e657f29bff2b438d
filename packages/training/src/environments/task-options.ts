import { isDeepStrictEqual } from "node:util";
import { kebabCase } from "@turnwise/core";
import { z } from "zod";
import { unwrapSchema } from "../settings/schema-parts.ts";
import type { BuiltInEnvironment, EnvironmentTasks, TaskOption } from "./environment.ts";
import { findOptionType, type OptionType } from "./parse-option.ts";

/** Command-line option for a task setting, with its description. */
export interface DescribedOption extends Omit<OptionType, "value"> {
  readonly setting: string;
  /** Option in help texts: `--num-tasks <number>`. */
  readonly flags: string;
  readonly description: string;
  /** Settings that cannot be combined with this option. */
  readonly conflicts: readonly string[];
}

/** Lists the options of `train` and `evaluate` that choose the tasks of an environment. */
export function listTaskOptions({ schema, options }: BuiltInEnvironment): DescribedOption[] {
  return options.map((stated): DescribedOption => {
    const option: TaskOption = typeof stated === "string" ? { setting: stated } : stated;
    const field = schema instanceof z.ZodObject ? schema.shape[option.setting] : undefined;
    if (field === undefined) throw new TypeError(`listTaskOptions: no setting ${option.setting}`);
    const { schema: type, description = "" } = unwrapSchema(field);
    const { value: placeholder, ...known } = findOptionType(type);
    const value = option.value ?? placeholder;
    return {
      ...known,
      ...(option.parse && { parse: option.parse }),
      setting: option.setting,
      flags: `--${option.flag ?? kebabCase(option.setting)}${value === undefined ? "" : ` <${value}>`}`,
      description: option.description ?? `${description[0]!.toLowerCase()}${description.slice(1)}`,
      conflicts: option.conflicts ?? [],
    };
  });
}

/**
 * Formats task settings as command-line options; only settings that differ from the environment's
 * own experiment.
 */
export function formatTaskArguments(
  environment: BuiltInEnvironment,
  tasks: EnvironmentTasks,
): string[] {
  const usual = z.parse(environment.schema, environment.createExperiment(0, {}).tasks) as object;
  return listTaskOptions(environment).flatMap(({ setting, flags }) => {
    const value: unknown = Reflect.get(tasks, setting);
    if (isDeepStrictEqual(value, Reflect.get(usual, setting))) return [];
    const [flag] = flags.split(" ");
    return value === true ? [flag!] : [flag!, String(value)];
  });
}
