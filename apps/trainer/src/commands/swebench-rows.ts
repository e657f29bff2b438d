import { loadInstances, type SweInstance } from "@turnwise/envs/swebench";
import { formatCount, readInput } from "@turnwise/training";
import { InvalidArgumentError, type Command } from "commander";

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
