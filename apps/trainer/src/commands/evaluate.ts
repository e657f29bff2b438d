import { createRandom } from "@turnwise/core";
import { createLocalPolicy } from "@turnwise/policy/local";
import { Command, Option } from "commander";
import { openTasks } from "../environments/open-tasks.ts";
import { evaluate } from "../evaluate.ts";
import { InputError, reading } from "../input-error.ts";
import { jsonReporter, percent, textReporter } from "../progress.ts";
import { evaluationTexts } from "../summary.ts";
import { wholeNumber } from "./arguments.ts";
import { offeredEnvironments, type OfferedEnvironment } from "./environments.ts";

interface EvaluateOptions extends Readonly<Record<string, unknown>> {
  readonly policy: string;
  readonly split?: string;
  readonly numTasks: number;
  readonly temperature: number;
  readonly maxTurns?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `turnwise evaluate`: plays tasks with a trained policy. */
export function evaluateCommand(): Command {
  const names = offeredEnvironments.map(({ name }) => name).join(", ");
  const command = new Command("evaluate")
    .description("play tasks that were not trained on with a policy")
    .enablePositionalOptions()
    .argument("[environment]")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((environment: string | undefined) => {
      throw new InputError(
        `evaluate: environment must be one of ${names}, got ${environment ?? "none"}`,
      );
    });
  for (const environment of offeredEnvironments) {
    command.addCommand(environmentCommand(environment));
  }
  return command;
}

/** `turnwise evaluate ENVIRONMENT`. */
function environmentCommand(environment: OfferedEnvironment): Command {
  const command = new Command(environment.name)
    .description(`play ${environment.description}`)
    .requiredOption(
      "--policy <folder>",
      "a policy's folder: config.json, model.safetensors, tokenizer.json",
    );
  for (const option of environment.options()) command.addOption(option);
  return command
    .option("--split <name>", "which tasks (default: those held out)")
    .addOption(new Option("--num-tasks <number>").argParser(wholeNumber).default(128))
    .addOption(
      new Option("--temperature <number>", "0 plays greedily").argParser(Number).default(0),
    )
    .addOption(new Option("--max-turns <number>", "(default: the recipe's)").argParser(wholeNumber))
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(1))
    .option("--json", "print one JSON object a line")
    .action(async (options: EvaluateOptions) => {
      if (!(options.temperature >= 0 && options.temperature < Infinity)) {
        throw new InputError(
          `evaluate: temperature must be finite and >= 0, got ${options.temperature}`,
        );
      }
      await evaluatePolicy(environment, options);
    });
}

async function evaluatePolicy(
  environment: OfferedEnvironment,
  options: EvaluateOptions,
): Promise<void> {
  const recipe = environment.recipe(options.seed, options);
  const split = options.split ?? environment.defaultSplit(recipe);
  const config = {
    ...recipe,
    tasks: {
      ...recipe.tasks,
      numTraining: 1,
      evaluation: [{ split, numTasks: options.numTasks }],
    },
    episode: { ...recipe.episode, maxTurns: options.maxTurns ?? recipe.episode.maxTurns },
  };
  const reporter =
    options.json === true ? jsonReporter(process.stdout) : textReporter(process.stdout);
  const source = await openTasks(config);
  try {
    const policy = await reading(() =>
      createLocalPolicy({
        model: options.policy,
        seed: String(options.seed),
        threads: recipe.engine.threads,
      }),
    );
    try {
      const { tasks } = source.evaluation[0]!;
      const report = await evaluate(`evaluate/${split}`, tasks, options.temperature, {
        createEnvironment: source.createEnvironment,
        format: source.format,
        sampler: policy.sampler,
        tokenizer: policy.tokenizer,
        policyVersion: await policy.sampler.load(policy.learner.weights()),
        options: config.episode,
        random: createRandom(options.seed),
        onProgress: (done) => reporter.now(`evaluating ${split}: ${percent(done)}`),
      });
      reporter.row(
        { stage: "evaluation", split, ...report.metrics, byKind: report.byKind },
        [
          `${split}: ${evaluationTexts(report.metrics).join(", ")}`,
          ...Object.entries(report.byKind).map(
            ([kind, success]) => `  ${kind.padEnd(32)} ${percent(success).padStart(6)}`,
          ),
        ].join("\n"),
      );
    } finally {
      await policy.close();
    }
  } finally {
    reporter.close();
    await source.close();
  }
}
