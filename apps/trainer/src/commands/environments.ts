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
import { collectValue } from "./arguments.ts";

/** Adds the options that choose the tasks of an environment. */
export function addTaskOptions(command: Command, environment: BuiltInEnvironment): Command {
  for (const { option } of createTaskOptions(environment)) command.addOption(option);
  return command;
}

/**
 * Applies options to the settings of an environment's experiment.
 * @param usual - Task settings, which the options override. Default: the experiment's.
 * @throws `InputError` for options that contradict each other.
 */
export function applyTaskOptions(
  environment: BuiltInEnvironment,
  seed: number,
  options: Readonly<Record<string, unknown>>,
  usual: Readonly<Record<string, unknown>> = {},
): ExperimentSettings {
  const given = Object.fromEntries(
    createTaskOptions(environment).flatMap(({ setting, option }) => {
      const value = options[option.attributeName()];
      return value === undefined ? [] : [[setting, value]];
    }),
  );
  const tasks = { ...usual, ...given };
  return resolveConfig(environment.createExperiment(seed, given), { tasks }, "options");
}

/** Creates the error of `evaluate` for a missing or misspelled environment. */
export function createUnknownEnvironmentError(name: string | undefined): InputError {
  if (name?.startsWith("-") === true) return new InputError(`evaluate: unknown option ${name}`);
  const names = environments.map((environment) => environment.name);
  return new InputError(
    `evaluate: environment must be one of ${names.join(", ")}, got ${name ?? "none"}${didYouMean(name ?? "", names)}`,
  );
}

/** Creates the Commander options of an environment, with the settings that they change. */
function createTaskOptions(
  environment: BuiltInEnvironment,
): readonly { readonly setting: string; readonly option: Option }[] {
  const described = listTaskOptions(environment);
  const made = described.map(({ setting, flags, description, choices, parse, isRepeated }) => {
    const option = new Option(flags, description);
    if (choices !== undefined) option.choices(choices);
    if (parse !== undefined) option.argParser((text) => parseOption(parse, text));
    if (isRepeated === true) option.argParser(collectValue);
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
