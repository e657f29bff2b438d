import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Command, Option } from "commander";
import { alfworldGrpoAem, alfworldGrpoAemReleased } from "../../recipes/alfworld-grpo-aem.ts";
import { openGameSource, type GameSource } from "../alfworld-games.ts";
import { resolveConfig, type TrainConfig } from "../config.ts";
import { InputError, reading } from "../input-error.ts";
import { duration, jsonReporter, percent, textReporter, type Reporter } from "../progress.ts";
import { RunFolder } from "../run-folder.ts";
import { closingSummary } from "../summary.ts";
import { train } from "../train.ts";
import { versions } from "../versions.ts";
import { wholeNumber } from "./arguments.ts";

interface TrainOptions {
  readonly games?: string;
  readonly seed: number;
  readonly out?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly resume?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** `turnwise train`: trains an agent, or goes on training one. */
export function trainCommand(): Command {
  return new Command("train")
    .description("train an agent: a warm start from demonstrations, then GRPO with AEM")
    .argument("[environment]", "what it learns: alfworld")
    .option("--games <path>", "a folder of game files or an archive (default: generated games)")
    .addOption(new Option("--seed <number>", "fixes everything").argParser(wholeNumber).default(1))
    .option("--out <folder>", "the run folder (default: runs/<recipe>-seed<seed>-<time>)")
    .option("--config <file>", "settings as JSON, laid over the recipe's")
    .option(
      "--set <field=value>",
      "one setting, such as training.iterations=10; may be repeated",
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option("--resume <folder>", "go on with an interrupted run")
    .option("--dry-run", "check everything, print the resolved settings, write nothing")
    .option("--json", "print one JSON object a line")
    .action(async (environment: string | undefined, options: TrainOptions) => {
      const reporter =
        options.json === true ? jsonReporter(process.stdout) : textReporter(process.stdout);
      const started = performance.now();
      try {
        const opened = await openRun(environment, options, reporter);
        if (opened === undefined) return;
        const { folder, games } = opened;
        await train(folder, games, reporter);
        await closingSummary(folder, reporter);
        reporter.say(`done in ${duration((performance.now() - started) / 1000)}`);
      } finally {
        reporter.close();
      }
    });
}

/** A run and its games; `undefined` if nothing is to be run. */
async function openRun(
  environment: string | undefined,
  options: TrainOptions,
  reporter: Reporter,
): Promise<{ readonly folder: RunFolder; readonly games: GameSource } | undefined> {
  if (options.resume !== undefined) {
    for (const name of ["games", "out", "config"] as const) {
      if (options[name] !== undefined) {
        throw new InputError(
          `train: --${name} must not be given with --resume, got ${options[name]}`,
        );
      }
    }
    const folder = await RunFolder.open(options.resume);
    reporter.say(`resuming ${folder.path}`);
    return { folder, games: await openGames(folder.config, reporter) };
  }
  if (environment !== "alfworld") {
    throw new InputError(`train: environment must be alfworld, got ${environment ?? "none"}`);
  }
  const config = await configOf(options);
  // Games are opened, and files checked, before the folder is made: a wrong path leaves nothing behind.
  const games = await openGames(config, reporter);
  if (options.dryRun === true) {
    reporter.say(JSON.stringify(config, null, 2));
    return undefined;
  }
  const time = new Date()
    .toISOString()
    .replaceAll(/[-:]|\..*$/gu, "")
    .replace("T", "-");
  const path = options.out ?? join("runs", `${config.recipe}-seed${config.seed}-${time}`);
  if (config.games.path !== null) {
    await games.validate((done) => reporter.now(`checking games: ${percent(done)}`));
  }
  const folder = await RunFolder.create(path, config, {
    ...(await versions()),
    command: process.argv.slice(2),
    seed: config.seed,
    configHash: createHash("sha256").update(JSON.stringify(config)).digest("hex"),
    startedAt: new Date().toISOString(),
  });
  reporter.say(`run folder: ${relative(process.cwd(), folder.path) || folder.path}`);
  return { folder, games };
}

async function openGames(config: TrainConfig, reporter: Reporter): Promise<GameSource> {
  const games = await openGameSource(config.games, config.episode, config.seed);
  reporter.say(games.description);
  return games;
}

/** The recipe's settings, under those of the file, under those of the command line. */
async function configOf(options: TrainOptions): Promise<TrainConfig> {
  let config =
    options.games === undefined
      ? alfworldGrpoAem(options.seed)
      : alfworldGrpoAemReleased(options.seed, options.games);
  const { config: path } = options;
  if (path !== undefined) {
    const changes: unknown = await reading(async () => {
      const text = await readFile(path, "utf8").catch((cause: Error) => {
        throw new Error(`${path}: file must be readable, got ${cause.message}`);
      });
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new Error(`${path}: file must hold JSON, got ${(cause as Error).message}`, { cause });
      }
    });
    config = resolveConfig(config, changes, path);
  }
  for (const setting of options.set) config = resolveConfig(config, changeOf(setting), "--set");
  return config;
}

/** `training.iterations=10` as an object of settings. */
function changeOf(setting: string): unknown {
  const split = setting.indexOf("=");
  if (split < 1) {
    throw new InputError(`--set: setting must have the form field=value, got ${setting}`);
  }
  const text = setting.slice(split + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not a number, list or object: the text itself.
  }
  return setting
    .slice(0, split)
    .split(".")
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}
