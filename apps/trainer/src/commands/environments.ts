import {
  didYouMean,
  environments,
  InputError,
  resolveConfig,
  listTaskOptions,
  type BuiltInEnvironment,
  type ExperimentSettings,
} from "@turnwise/training";
import { InvalidArgumentError, Option, type Command } from "commander";
import { repeated } from "./arguments.ts";

/** Adds the options that choose the tasks of an environment. */
export function addTaskOptions(command: Command, environment: BuiltInEnvironment): Command {
  for (const { option } of statedOptions(environment)) command.addOption(option);
  return command;
}

/**
 * Settings of an environment's experiment with these options applied.
 * @throws `InputError` for options that do not fit together.
 */
export function environmentSettings(
  environment: BuiltInEnvironment,
  seed: number,
  options: Readonly<Record<string, unknown>>,
): ExperimentSettings {
  const tasks = Object.fromEntries(
    statedOptions(environment).flatMap(({ setting, option }) => {
      const value = options[option.attributeName()];
      return value === undefined ? [] : [[setting, value]];
    }),
  );
  return resolveConfig(environment.createExperiment(seed, tasks), { tasks }, "options");
}

/** Error of `evaluate` for a missing or misspelled environment. */
export function unknownEnvironment(name: string | undefined): InputError {
  if (name?.startsWith("-") === true) return new InputError(`evaluate: unknown option ${name}`);
  const names = environments.map((environment) => environment.name);
  return new InputError(
    `evaluate: environment must be one of ${names.join(", ")}, got ${name ?? "none"}${didYouMean(name ?? "", names)}`,
  );
}

/** The options of an environment as Commander takes them, each with the setting that it states. */
function statedOptions(
  environment: BuiltInEnvironment,
): readonly { readonly setting: string; readonly option: Option }[] {
  const described = listTaskOptions(environment);
  const made = described.map(({ setting, flags, description, choices, parse, isRepeated }) => {
    const option = new Option(flags, description);
    if (choices !== undefined) option.choices(choices);
    if (parse !== undefined) option.argParser((text) => parseOption(parse, text));
    if (isRepeated === true) option.argParser(repeated);
    return { setting, option };
  });
  const attributes = new Map(made.map(({ setting, option }) => [setting, option.attributeName()]));
  for (const [i, { conflicts }] of described.entries()) {
    made[i]!.option.conflicts(conflicts.map((setting) => attributes.get(setting)!));
  }
  return made;
}

function parseOption(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const { message } = cause;
    throw new InvalidArgumentError(`${message[0]!.toUpperCase()}${message.slice(1)}.`);
  }
}
