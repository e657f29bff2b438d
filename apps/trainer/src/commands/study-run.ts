import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { StoppedRun } from "@turnwise/training";
import {
  computeNumJobs,
  runStudy,
  type CellContext,
  type StudyResult,
} from "@turnwise/training/study";
import { launchTasks } from "../launch-tasks.ts";
import { runResumably } from "../run-resumably.ts";
import { aboveZero, positiveNumber } from "./arguments.ts";
import {
  addRunningOptions,
  addSeedOption,
  seedSelection,
  shortPath,
  withStudy,
  type RunningOptions,
  type SeedOptions,
} from "./study-options.ts";

interface RunOptions extends RunningOptions, SeedOptions {
  readonly jobs?: number;
  readonly cores?: number;
  readonly memory?: number;
}

/** `turnwise study run`: runs the cells of a study on this machine. */
export function runCommand(): Command {
  const command = new Command("run")
    .description("run the cells of a study that are not finished; an interrupted study resumes")
    .argument("<file>", "study file: YAML, JSON, or a TypeScript or JavaScript module")
    .addOption(
      new Option("--jobs <number>", "cells at the same time (default: what the budget allows)")
        .argParser(positiveNumber)
        .conflicts(["cores", "memory"]),
    )
    .addOption(
      new Option("--cores <number>", `CPU cores to use (default: ${availableParallelism()})`) //
        .argParser(positiveNumber),
    )
    .addOption(
      new Option("--memory <GiB>", "memory to use (default: what is available)") //
        .argParser(aboveZero),
    );
  return addRunningOptions(addSeedOption(command)).action(
    async (path: string, options: RunOptions) => {
      await withStudy(path, options, (context) => runAll(path, context, options));
    },
  );
}

/** Runs a study to its end, one process for each cell. */
async function runAll(path: string, context: CellContext, options: RunOptions): Promise<void> {
  const { folder, reporter } = context;
  const { out, jobs, cores, memory, anyProcessor } = options;
  const launcher = launchTasks({
    logs: folder.logs,
    parameters: ({ kind, plan }) => [
      "study",
      "cell",
      path,
      plan.name,
      "--out",
      folder.path,
      ...(kind === "start" ? ["--start"] : []),
      ...(anyProcessor === true ? ["--any-processor"] : []),
    ],
  });
  const again = ["study", "run", path, ...(out === undefined ? [] : ["--out", out])];
  const selection = seedSelection(options, context);
  await runResumably(
    again,
    reporter,
    async () => {
      const result = await runStudy({
        ...context,
        ...selection,
        numJobs: async (plans) =>
          jobs ??
          computeNumJobs(plans, {
            ...(cores !== undefined && { cores }),
            ...(memory !== undefined && { memoryBytes: memory * 2 ** 30 }),
          }),
        launch: launcher.launch,
      });
      finish(result, context);
    },
    { onInterrupt: launcher.stop },
  );
}

/** Says where the results are. @throws `StoppedRun` if cells failed. */
export function finish(
  { finished, planned, failures }: StudyResult,
  { folder, reporter }: Pick<CellContext, "folder" | "reporter">,
): void {
  reporter.say(`${finished} of ${planned} cells finished: ${shortPath(folder.cells)}`);
  if (failures.size === 0) return;
  const names = [...failures.keys()].join(", ");
  throw new StoppedRun(
    `${failures.size} of ${planned} cells failed (${names}; output in ${shortPath(folder.logs)})`,
  );
}
