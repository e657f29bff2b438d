import { createRandom } from "@turnwise/core";
import { compactFormat } from "@turnwise/envs/alfworld";
import { createLocalPolicy } from "@turnwise/policy/local";
import { Command, Option } from "commander";
import { alfworldGrpoAem } from "../../recipes/alfworld-grpo-aem.ts";
import { openGameSource } from "../alfworld-games.ts";
import { evaluate } from "../evaluate.ts";
import { InputError, reading } from "../input-error.ts";
import { jsonReporter, percent, textReporter } from "../progress.ts";
import { wholeNumber } from "./arguments.ts";

interface EvaluateOptions {
  readonly policy: string;
  readonly games?: string;
  readonly split?: string;
  readonly size: "small" | "medium" | "large";
  readonly numGames: number;
  readonly temperature: number;
  readonly maxTurns: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `turnwise evaluate`: plays games with a trained policy. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("play games that were not trained on with a policy")
    .argument("<environment>", "alfworld")
    .requiredOption(
      "--policy <folder>",
      "a policy's folder: config.json, model.safetensors, tokenizer.json",
    )
    .option("--games <path>", "a folder of game files or an archive (default: generated games)")
    .option("--split <name>", "which games (default: held_out, or valid_seen of released games)")
    .addOption(
      new Option("--size <size>", "of generated games")
        .choices(["small", "medium", "large"])
        .default("small"),
    )
    .addOption(new Option("--num-games <number>").argParser(wholeNumber).default(128))
    .addOption(
      new Option("--temperature <number>", "0 plays greedily").argParser(Number).default(0),
    )
    .addOption(new Option("--max-turns <number>").argParser(wholeNumber).default(50))
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(1))
    .option("--json", "print one JSON object a line")
    .action(async (environment: string, options: EvaluateOptions) => {
      if (environment !== "alfworld") {
        throw new InputError(`evaluate: environment must be alfworld, got ${environment}`);
      }
      if (!(options.temperature >= 0 && options.temperature < Infinity)) {
        throw new InputError(
          `evaluate: temperature must be finite and >= 0, got ${options.temperature}`,
        );
      }
      await evaluatePolicy(options);
    });
}

async function evaluatePolicy(options: EvaluateOptions): Promise<void> {
  const recipe = alfworldGrpoAem(options.seed);
  const split = options.split ?? (options.games === undefined ? "held_out" : "valid_seen");
  const games = await openGameSource(
    {
      ...recipe.games,
      path: options.games ?? null,
      size: options.size,
      numTraining: 1,
      evaluation: [{ split, numGames: options.numGames }],
    },
    recipe.episode,
    options.seed,
  );
  const reporter =
    options.json === true ? jsonReporter(process.stdout) : textReporter(process.stdout);
  const policy = await reading(() =>
    createLocalPolicy({
      model: options.policy,
      seed: String(options.seed),
      threads: recipe.engine.threads,
    }),
  );
  try {
    const { tasks } = games.evaluation[0]!;
    const report = await evaluate(`evaluate/${split}`, tasks, options.temperature, {
      createEnvironment: games.createEnvironment,
      format: compactFormat(),
      sampler: policy.sampler,
      tokenizer: policy.tokenizer,
      policyVersion: await policy.sampler.load(policy.learner.weights()),
      options: { ...recipe.episode, maxTurns: options.maxTurns },
      random: createRandom(options.seed),
      onProgress: (done) => reporter.now(`evaluating ${split}: ${percent(done)}`),
    });
    reporter.row(
      { stage: "evaluation", split, ...report.metrics, byKind: report.byKind },
      [
        `${split}: success ${percent(report.metrics["success"] ?? 0)} of ${tasks.length} games, ` +
          `${(report.metrics["turns"] ?? 0).toFixed(1)} turns`,
        ...Object.entries(report.byKind).map(
          ([kind, success]) => `  ${kind.padEnd(32)} ${percent(success).padStart(6)}`,
        ),
      ].join("\n"),
    );
  } finally {
    reporter.close();
    await policy.close();
  }
}
