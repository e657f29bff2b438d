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

/** `turnwise analyse`: the analyses of AEM's paper on runs. */
export function buildAnalyseCommand(): Command {
  return new Command("analyse")
    .description("the analyses of AEM's paper on a run: data, plot and a paragraph each")
    .addCommand(
      buildRunCommand("proxy", "A: coefficients against Monte-Carlo relative surprisal")
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
        "B: entropy when responses of one sign of A(alpha - 1) are trained on",
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
          .description("C: entropy by sign of advantage, positive share and success over training")
          .argument("<runs...>", "run folders, folders of studies, or files of their cells"),
      ).action(async (paths: readonly string[], options: AnalyseOptions) => {
        await useReporter(options, async (reporter) => {
          const report = reportTransition(analyzeTransition(await readTrainingRecords(paths)));
          const [first] = paths;
          await finish(report, paths, { out: join(first!, "analysis"), ...options }, reporter);
        });
      }),
    )
    .addCommand(
      buildRunCommand("cost", "AEM's share of the time of an iteration")
        .addOption(
          new Option(
            "--iteration <number>",
            "the only iteration to measure (default: five, evenly spaced)",
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
        "coefficients from exact entropies, top-k entropies and surprisals on the same responses",
      )
        .addOption(createIterationOption())
        .addOption(
          new Option("--groups <number>", "groups to compare")
            .argParser(createAtLeastParser(2))
            .default(8),
        )
        .addOption(
          new Option("--top-k <list>", "numbers of most likely tokens that an engine reports")
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
    .option("--out <folder>", "folder of the results (default: analysis/ in the run's)")
    .option("--json", "print one JSON object a line");
}

const createIterationOption = (): Option =>
  new Option(
    "--iteration <number>",
    "iterations before the checkpoint (default: the newest whose next iteration is recorded)",
  ).argParser(parseWholeNumber);

const createSeedOption = (): Option =>
  new Option("--seed <number>", "seed of the draws (default: the run's)").argParser(
    parseWholeNumber,
  );

/** Action of a command that needs the policy of a run. */
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

/** Writes an analysis and says where. */
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

/** Options as they were given or default, without those of the output. */
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
