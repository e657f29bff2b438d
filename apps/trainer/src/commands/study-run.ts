import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { StoppedRun } from "@turnwise/training";
import {
  computeNumJobs,
  runStudy,
  type CellContext,
  type StudyResult,
} from "@turnwise/training/study";
import { createTaskLauncher } from "../create-task-launcher.ts";
import { runResumably } from "../run-resumably.ts";
import { parsePositive, parseCount } from "./arguments.ts";
import {
  addRunningOptions,
  addSeedOption,
  selectSeeds,
  shortenPath,
  useStudy,
  type RunningOptions,
  type SeedOptions,
} from "./study-options.ts";

interface RunOptions extends RunningOptions, SeedOptions {
  readonly jobs?: number;
  readonly cores?: number;
  readonly memory?: number;
}

/** `turnwise study run`: runs the cells of a study on this machine. */
export function buildRunCommand(): Command {
  const command = new Command("run")
    .description("run the unfinished cells of a study; resumes an interrupted study")
    .argument("<file>", "study file: YAML, JSON, or a TypeScript or JavaScript module")
    .addOption(
      new Option(
        "--jobs <number>",
        "number of concurrent cells (default: as many as cores and memory allow)",
      )
        .argParser(parseCount)
        .conflicts(["cores", "memory"]),
    )
    .addOption(
      new Option("--cores <number>", `CPU cores to use (default: ${availableParallelism()})`) //
        .argParser(parseCount),
    )
    .addOption(
      new Option("--memory <GiB>", "memory to use, GiB (default: all that is available)") //
        .argParser(parsePositive),
    );
  return addRunningOptions(addSeedOption(command)).action(
    async (path: string, options: RunOptions) => {
      await useStudy(path, options, (context) => runAll(path, context, options));
    },
  );
}

/** Runs all cells of a study, each in its own process. */
async function runAll(path: string, context: CellContext, options: RunOptions): Promise<void> {
  const { folder, reporter } = context;
  const { out, jobs, cores, memory, anyProcessor } = options;
  const launcher = createTaskLauncher({
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
  const selection = selectSeeds(options, context);
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
      reportResult(result, context);
    },
    { onInterrupt: launcher.stop },
  );
}

/** Prints the location of the results. @throws `StoppedRun` if cells failed. */
export function reportResult(
  { finished, planned, failures }: StudyResult,
  { folder, reporter }: Pick<CellContext, "folder" | "reporter">,
): void {
  reporter.say(`${finished} of ${planned} cells finished: ${shortenPath(folder.cells)}`);
  if (failures.size === 0) return;
  const names = [...failures.keys()].join(", ");
  throw new StoppedRun(
    `${failures.size} of ${planned} cells failed (${names}; output in ${shortenPath(folder.logs)})`,
  );
}
