import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  InputError,
  jsonReporter,
  StoppedRun,
  textReporter,
  type Reporter,
} from "@turnwise/training";
import {
  describeMachine,
  numJobsWithin,
  parseSeeds,
  planCells,
  readStudy,
  runCellTask,
  runStartTask,
  runStudy,
  studyFolder,
  type CellContext,
  type CellPlan,
} from "@turnwise/training/study";
import { runResumably } from "../run-resumably.ts";
import { launchTasks } from "../launch-tasks.ts";
import { aboveZero, positiveNumber } from "./arguments.ts";
import { compareCommand } from "./study-compare.ts";
import { powerCommand } from "./study-power.ts";
import { reportCommand } from "./study-report.ts";
import { tableCommand } from "./study-table.ts";

interface FolderOptions {
  readonly out?: string;
}

interface ProcessorOptions {
  readonly anyProcessor?: boolean;
}

interface RunOptions extends FolderOptions, ProcessorOptions {
  readonly jobs?: number;
  readonly cores?: number;
  readonly memory?: number;
  readonly seeds?: readonly number[];
  readonly json?: boolean;
}

interface CellOptions extends FolderOptions, ProcessorOptions {
  readonly start?: boolean;
  readonly json?: boolean;
}

/** `turnwise study`: paired comparisons over many seeds. */
export function studyCommand(): Command {
  return new Command("study")
    .description("compare arms over paired seeds: a study file fixes everything beforehand")
    .addCommand(runCommand())
    .addCommand(cellCommand())
    .addCommand(tableCommand())
    .addCommand(compareCommand())
    .addCommand(powerCommand())
    .addCommand(reportCommand());
}

function addFolderOption(command: Command): Command {
  return command.option("--out <folder>", "folder of the study (default: runs/studies/NAME)");
}

function addProcessorOption(command: Command): Command {
  return command.option(
    "--any-processor",
    "run a cell although its pair's other arms ran on another CPU model; reports mark the pair",
  );
}

function runCommand(): Command {
  const command = new Command("run")
    .description("run the cells of a study that are not finished; an interrupted study resumes")
    .argument("<file>", "study file: YAML, JSON, or a TypeScript or JavaScript module");
  addProcessorOption(addFolderOption(command))
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
      new Option("--memory <GiB>", "memory to use (default: what is available)").argParser(
        aboveZero,
      ),
    )
    .addOption(
      new Option("--seeds <list>", "only these of the study's seeds, such as 1-3,7").argParser(
        seedList,
      ),
    )
    .option("--json", "print one JSON object a line");
  return command.action(async (path: string, options: RunOptions) => {
    await withReporter(options, async (reporter) => {
      const context = await openStudy(path, options, reporter);
      await runAll(path, context, options);
    });
  });
}

function seedList(text: string): number[] {
  const seeds = parseSeeds(text);
  if (seeds !== undefined) return seeds;
  throw new InvalidArgumentError("It must be whole numbers and ranges, such as 1-3,7.");
}

/** Runs a study to its end, one process for each cell. */
async function runAll(path: string, context: CellContext, options: RunOptions): Promise<void> {
  const { file, folder, reporter } = context;
  const { jobs, cores, memory, seeds, anyProcessor } = options;
  const unknown = seeds?.find((seed) => !file.study.seeds.includes(seed));
  if (unknown !== undefined) {
    throw new InputError(`--seeds must be seeds of the study, got ${unknown}`);
  }
  const tasks = launchTasks({
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
  const resume = [
    "study",
    "run",
    path,
    ...(options.out === undefined ? [] : ["--out", options.out]),
  ];
  await runResumably(
    resume,
    reporter,
    async () => {
      const result = await runStudy({
        ...context,
        numJobs: async (plans) =>
          jobs ??
          numJobsWithin(plans, {
            ...(cores !== undefined && { cores }),
            ...(memory !== undefined && { memoryBytes: memory * 2 ** 30 }),
          }),
        ...(seeds && { selects: ({ seed }: CellPlan) => seeds.includes(seed) }),
        launch: tasks.launch,
      });
      reporter.say(
        `${result.finished} of ${result.planned} cells finished: ${shortPath(folder.cells)}`,
      );
      if (result.failures.size === 0) return;
      const names = [...result.failures.keys()].join(", ");
      throw new StoppedRun(
        `${result.failures.size} of ${result.planned} cells failed (${names}; logs in ${shortPath(folder.logs)})`,
      );
    },
    { onInterrupt: tasks.stop },
  );
}

function cellCommand(): Command {
  const command = new Command("cell")
    .description("run one cell of a study, as `study run` and jobs of a cluster do")
    .argument("<file>", "study file")
    .argument("<name>", "cell: EXPERIMENT-ARM-seedN");
  addProcessorOption(addFolderOption(command))
    .option("--start", "only compute the start that it shares with other arms")
    .option("--json", "print one JSON object a line");
  return command.action(async (path: string, name: string, options: CellOptions) => {
    endWithParent();
    await withReporter(options, async (reporter) => {
      const context = await openStudy(path, options, reporter);
      const plans = await planCells(context.file);
      const plan = plans.find((one) => one.name === name);
      if (plan === undefined) {
        throw new InputError(
          `study cell: name must be a cell of ${path} such as ${plans[0]!.name}, got ${name}`,
        );
      }
      if (options.start === true) await runStartTask(plan, context);
      else {
        await runCellTask(plan, context, { allowMixedProcessors: options.anyProcessor === true });
      }
    });
  });
}

/** Ends this process when the one that started it is gone: nothing would wait for its result. */
function endWithParent(): void {
  if (process.send === undefined) return;
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
}

async function withReporter(
  { json }: { readonly json?: boolean },
  work: (reporter: Reporter) => Promise<void>,
): Promise<void> {
  const reporter = json === true ? jsonReporter(process.stdout) : textReporter(process.stdout);
  try {
    await work(reporter);
  } finally {
    reporter.close();
  }
}

async function openStudy(
  path: string,
  { out }: FolderOptions,
  reporter: Reporter,
): Promise<CellContext> {
  const file = await readStudy(path);
  const folder = studyFolder(out ?? join("runs", "studies", file.study.name));
  return { file, folder, reporter, machine: await describeMachine() };
}

const shortPath = (path: string): string => relative(process.cwd(), path) || path;
