import { formatCount } from "@turnwise/core";
import {
  demoTasks,
  loadInstances,
  selectInstances,
  type SelectOptions,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { InputError, readInput } from "@turnwise/training";
import { InvalidArgumentError, Option, type Command } from "commander";
import { collectValue, parseWholeNumber } from "./arguments.ts";

/** Options for reading rows of instances. */
export interface RowOptions {
  readonly skipInvalid?: boolean;
  readonly field?: Readonly<Record<string, string>>;
}

/** Adds {@link RowOptions} to a command. */
export function addRowOptions(command: Command): Command {
  return command
    .option("--skip-invalid", "skip invalid rows, and count them")
    .option(
      "--field <name=path>",
      "path of a SWE-bench field in the file's rows, such as image=docker.image; may be repeated",
      addField,
    );
}

function addField(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [name, path] = value.split("=", 2);
  if (!name || !path) throw new InvalidArgumentError("It must have the form name=path.");
  return { ...before, [name]: path };
}

/** Loads instances; reports skipped rows on the standard error stream. */
export async function readRows(
  path: string,
  { skipInvalid = false, field = {} }: RowOptions,
): Promise<{ readonly instances: readonly SweInstance[]; readonly numSkipped: number }> {
  let numSkipped = 0;
  const onInvalid = ({ message }: Error): void => {
    numSkipped += 1;
    if (numSkipped <= 5) process.stderr.write(`skipped: ${message}\n`);
  };
  const instances = await readInput(() =>
    loadInstances(path, { fields: field, ...(skipInvalid && { onInvalid }) }),
  );
  if (numSkipped > 0)
    process.stderr.write(`skipped ${formatCount(numSkipped, "row")} of ${path}\n`);
  return { instances, numSkipped };
}

/** Options for selecting some of the instances. */
export interface FilterOptions {
  readonly id?: readonly string[];
  readonly repo?: readonly string[];
  readonly seed?: number;
  readonly limit?: number;
}

/** Options for selecting instances of a file, or of the demo tasks. */
export interface SelectionOptions extends RowOptions, FilterOptions {
  readonly instances?: string;
}

/** Adds {@link FilterOptions} to a command. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--id <pattern>", "only these ids, * matches any text; may be repeated", collectValue)
    .option(
      "--repo <pattern>",
      "only these repositories, * matches any text; may be repeated",
      collectValue,
    )
    .addOption(new Option("--seed <number>", "shuffle with this seed").argParser(parseWholeNumber))
    .addOption(
      new Option("--limit <number>", "maximum number of instances (default: all)").argParser(
        parseWholeNumber,
      ),
    );
}

/** Converts {@link FilterOptions} to criteria of `selectInstances`. */
export function readFilter({ id, repo, seed, limit }: FilterOptions): SelectOptions {
  return {
    ...(id && { ids: id }),
    ...(repo && { repos: repo }),
    ...(seed !== undefined && { seed }),
    ...(limit !== undefined && { limit }),
  };
}

/** Adds {@link SelectionOptions} to a command. */
export function addSelectionOptions(command: Command): Command {
  return addFilterOptions(
    addRowOptions(command).option(
      "--instances <file>",
      "instances as JSON lines, JSON or Parquet; JSON may be gzipped (default: the demo tasks)",
    ),
  );
}

/**
 * Reads the instances that the options select.
 * @param command - Name of the command, for messages.
 * @throws {@link InputError} if the options select no instance.
 */
export async function readSelection(
  command: string,
  options: SelectionOptions,
): Promise<readonly SweInstance[]> {
  const { instances: path } = options;
  const all =
    path === undefined
      ? demoTasks.map(({ instance }) => instance)
      : (await readRows(path, options)).instances;
  const chosen = selectInstances(all, readFilter(options));
  if (chosen.length > 0) return chosen;
  throw new InputError(`${command}: options select none of ${all.length} instances`);
}
