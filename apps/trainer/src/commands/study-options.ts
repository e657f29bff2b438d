import { relative } from "node:path";
import { Option, type Command } from "commander";
import {
  InputError,
  createJsonReporter,
  createTextReporter,
  type Reporter,
} from "@turnwise/training";
import {
  describeMachine,
  findStudyFolder,
  readStudy,
  type CellContext,
  type CellPlan,
} from "@turnwise/training/study";
import { parseWholeNumbers } from "./arguments.ts";

/** Option for the folder of a study. */
export interface FolderOptions {
  readonly out?: string;
}

/** Options of the commands that run cells. */
export interface RunningOptions extends FolderOptions {
  readonly anyProcessor?: boolean;
  readonly json?: boolean;
}

/** Options that select cells. */
export interface SeedOptions {
  readonly seeds?: readonly number[];
}

/** Adds the option of the study's folder. */
export function addFolderOption(command: Command): Command {
  return command.option(
    "--out <folder>",
    "study folder (default: the file's folder if it has cells/, else runs/studies/NAME)",
  );
}

/** Adds the options of a command that runs cells. */
export function addRunningOptions(command: Command): Command {
  return addFolderOption(command)
    .option(
      "--any-processor",
      "run cells even if other arms of the same seed ran on another CPU model; reports mark such pairs",
    )
    .option("--json", "print one JSON object per line");
}

/** Adds the option that selects seeds. */
export function addSeedOption(command: Command): Command {
  return command.addOption(
    new Option("--seeds <list>", "run only these seeds of the study, such as 1-3,7").argParser(
      parseWholeNumbers,
    ),
  );
}

/** Selects cells by their seeds. @throws `InputError` for a seed that the study does not have. */
export function selectSeeds(
  { seeds }: SeedOptions,
  { file }: Pick<CellContext, "file">,
): { readonly selects?: (plan: CellPlan) => boolean } {
  if (seeds === undefined) return {};
  const known = file.study.seeds;
  const unknown = seeds.find((seed) => !known.includes(seed));
  if (unknown !== undefined) {
    throw new InputError(
      `--seeds must be seeds of the study (${known.join(", ")}), got ${unknown}`,
    );
  }
  return { selects: ({ seed }) => seeds.includes(seed) };
}

/** Reads a study file, opens the study folder and a reporter, and closes the reporter after `work`. */
export async function useStudy(
  path: string,
  { out, json }: FolderOptions & { readonly json?: boolean },
  work: (context: CellContext) => Promise<void>,
): Promise<void> {
  const reporter: Reporter =
    json === true ? createJsonReporter(process.stdout) : createTextReporter(process.stdout);
  try {
    const file = await readStudy(path);
    const folder = await findStudyFolder(file, out);
    await work({ file, folder, reporter, machine: await describeMachine() });
  } finally {
    reporter.close();
  }
}

/** Makes a path relative to the working directory. */
export const shortenPath = (path: string): string => relative(process.cwd(), path) || path;
