import { join } from "node:path";
import {
  analyzeCost,
  analyzePressure,
  analyzeProxy,
  analyzeTransition,
  analyzeUncertainty,
  openAnalyzedRun,
  readTrainingRecords,
  reportCost,
  reportPressure,
  reportProxy,
  reportTransition,
  reportUncertainty,
  writeAnalysis,
  type AnalysisReport,
  type AnalyzedRun,
} from "@turnwise/training/analysis";
import {
  createJsonReporter,
  RunFolder,
  createTextReporter,
  type Reporter,
} from "@turnwise/training";
import { Command, Option } from "commander";
import { quoteForShell } from "../invocation.ts";
import {
  parseAscendingCounts,
  createAtLeastParser,
  parseCount,
  parseWholeNumber,
} from "./arguments.ts";
import { shortenPath } from "./study-options.ts";

interface AnalyseOptions {
  readonly iteration?: number;
  readonly states?: number;
  readonly samples?: number;
  readonly trainIterations?: number;
  readonly groups?: number;
  readonly topK?: readonly number[];
  readonly seed?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `turnwise analyse`: repeats the analyses of AEM's paper on runs. */
export function buildAnalyseCommand(): Command {
  return new Command("analyse")
    .description("repeat an analysis of AEM's paper on a run; writes data, a plot and a paragraph")
    .addCommand(
      buildRunCommand(
        "proxy",
        "analysis A: compare coefficients with Monte-Carlo relative surprisal",
      )
        .addOption(createIterationOption())
        .addOption(
          new Option("--states <number>", "states to compare")
            .argParser(createAtLeastParser(4))
            .default(64),
        )
        .addOption(
          new Option("--samples <number>", "responses sampled in each state")
            .argParser(createAtLeastParser(2))
            .default(64),
        )
        .addOption(createSeedOption())
        .action(
          createRunAction(async (run, options) => reportProxy(await analyzeProxy(run, options))),
        ),
    )
    .addCommand(
      buildRunCommand(
        "pressure",
        "analysis B: entropy after training only on responses with one sign of A(alpha - 1)",
      )
        .addOption(createIterationOption())
        .addOption(
          new Option("--train-iterations <number>", "iterations to train with each sign")
            .argParser(parseCount)
            .default(5),
        )
        .addOption(createSeedOption())
        .action(
          createRunAction(async (run, options) =>
            reportPressure(await analyzePressure(run, options)),
          ),
        ),
    )
    .addCommand(
      addOutputOptions(
        new Command("transition")
          .description(
            "analysis C: entropy by sign of the advantage, share of positive advantages, and success over training",
          )
          .argument("<runs...>", "run folders, study folders, or cell files"),
      ).action(async (paths: readonly string[], options: AnalyseOptions) => {
        await useReporter(options, async (reporter) => {
          const report = reportTransition(analyzeTransition(await readTrainingRecords(paths)));
          const [first] = paths;
          await finish(report, paths, { out: join(first!, "analysis"), ...options }, reporter);
        });
      }),
    )
    .addCommand(
      buildRunCommand("cost", "measure AEM's share of the time of an iteration")
        .addOption(
          new Option(
            "--iteration <number>",
            "iteration to measure (default: five iterations, evenly spaced)",
          ).argParser(parseCount),
        )
        .addOption(
          new Option("--samples <number>", "repetitions of each measurement")
            .argParser(parseCount)
            .default(25),
        )
        .action(async (path: string, options: AnalyseOptions) => {
          await useReporter(options, async (reporter) => {
            const folder = await RunFolder.open(path);
            const report = reportCost(await analyzeCost(folder, reporter, options));
            await finish(report, [path], { out: join(path, "analysis"), ...options }, reporter);
          });
        }),
    )
    .addCommand(
      buildRunCommand(
        "uncertainty",
        "compare coefficients from exact entropies, top-k entropies and surprisals of the same responses",
      )
        .addOption(createIterationOption())
        .addOption(
          new Option("--groups <number>", "groups to compare")
            .argParser(createAtLeastParser(2))
            .default(8),
        )
        .addOption(
          new Option(
            "--top-k <list>",
            "values of k: how many of the most likely tokens an engine reports",
          )
            .argParser(parseAscendingCounts)
            .default([2, 5, 20], "2,5,20"),
        )
        .addOption(createSeedOption())
        .action(
          createRunAction(async (run, options) =>
            reportUncertainty(await analyzeUncertainty(run, options)),
          ),
        ),
    );
}

function buildRunCommand(name: string, description: string): Command {
  return addOutputOptions(
    new Command(name).description(description).argument("<run>", "run folder"),
  );
}

function addOutputOptions(command: Command): Command {
  return command
    .option("--out <folder>", "folder of the results (default: analysis/ in the run folder)")
    .option("--json", "print one JSON object per line");
}

const createIterationOption = (): Option =>
  new Option(
    "--iteration <number>",
    "iteration of the checkpoint, 0 for the start (default: the newest checkpoint before a recorded iteration)",
  ).argParser(parseWholeNumber);

const createSeedOption = (): Option =>
  new Option("--seed <number>", "seed of sampling (default: the run's seed)").argParser(
    parseWholeNumber,
  );

/** Creates the action of a command that needs the policy of a run. */
function createRunAction(
  analyze: (run: AnalyzedRun, options: AnalyseOptions) => Promise<AnalysisReport>,
): (path: string, options: AnalyseOptions) => Promise<void> {
  return (path, options) =>
    useReporter(options, async (reporter) => {
      const run = await openAnalyzedRun(path, reporter);
      try {
        const report = await analyze(run, options);
        await finish(report, [path], { out: join(path, "analysis"), ...options }, reporter);
      } finally {
        await run.close();
      }
    });
}

async function useReporter(
  { json }: AnalyseOptions,
  work: (reporter: Reporter) => Promise<void>,
): Promise<void> {
  const reporter =
    json === true ? createJsonReporter(process.stdout) : createTextReporter(process.stdout);
  try {
    await work(reporter);
  } finally {
    reporter.close();
  }
}

/** Writes an analysis and prints its location. */
async function finish(
  report: AnalysisReport,
  paths: readonly string[],
  { out, ...options }: AnalyseOptions & { readonly out: string },
  reporter: Reporter,
): Promise<void> {
  const parameters = ["analyse", report.name, ...paths.map(shortenPath), ...listFlags(options)];
  const command = ["turnwise", ...parameters].map(quoteForShell).join(" ");
  const files = (await writeAnalysis(out, report, command)).map(shortenPath);
  reporter.row({ analysis: report.name, files, ...report.data }, report.paragraph);
  reporter.say(files.join(", "));
}

/** Options given by the user and default options, without output options. */
function listFlags(options: AnalyseOptions): string[] {
  const names = {
    iteration: "--iteration",
    states: "--states",
    samples: "--samples",
    trainIterations: "--train-iterations",
    groups: "--groups",
    topK: "--top-k",
    seed: "--seed",
  } as const;
  return Object.entries(names).flatMap(([key, flag]) => {
    const value = options[key as keyof typeof names];
    return value === undefined ? [] : [flag, String(value)];
  });
}
