import { createRandom } from "@turnwise/core";
import type { AgentFormat } from "@turnwise/envs";
import type { WeightStorage } from "@turnwise/policy/local";
import { Command, Option } from "commander";
import {
  chatFormat,
  evaluate,
  evaluationTexts,
  jsonReporter,
  missingChatWarning,
  openEvaluatedPolicy,
  openTasks,
  passCurve,
  percent,
  plainFormat,
  reading,
  textReporter,
  type Reporter,
  type EvaluatedPolicy,
  type TrainConfig,
} from "@turnwise/training";
import { deviceOf, withDevice, type DeviceFlags } from "../device.ts";
import { nonNegative, positiveNumber, wholeNumber } from "./arguments.ts";
import {
  offeredEnvironments,
  unknownEnvironment,
  type OfferedEnvironment,
} from "./environments.ts";
import { weightStorageOption } from "./policy-source.ts";

interface EvaluateOptions extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly policy: string;
  readonly adapter?: string;
  readonly weightStorage: WeightStorage;
  readonly chat?: boolean;
  readonly split?: string;
  readonly numTasks: number;
  readonly samples: number;
  readonly temperature: number;
  readonly maxTurns?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `turnwise evaluate`: plays tasks with a trained policy. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("play tasks that were not trained on with a policy")
    .enablePositionalOptions()
    .argument("[environment]")
    .allowUnknownOption()
    .allowExcessArguments()
    .action((environment: string | undefined) => {
      throw unknownEnvironment("evaluate", environment);
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
      "--policy <path>",
      "a policy's folder (config.json, model.safetensors, tokenizer.json), or a JSON file that describes one on a server",
    );
  for (const option of environment.options()) command.addOption(option);
  return withDevice(command)
    .option("--adapter <folder>", "a low-rank adapter of the policy: a PEFT folder")
    .addOption(weightStorageOption())
    .option("--chat", "prompts are messages in the policy's chat template")
    .option("--split <name>", "which tasks (default: those held out)")
    .addOption(new Option("--num-tasks <number>").argParser(positiveNumber).default(128))
    .addOption(
      new Option("--samples <number>", "episodes of each task; from 2 on, pass@k is printed")
        .argParser(positiveNumber)
        .default(1),
    )
    .addOption(
      new Option("--temperature <number>", "0 plays greedily").argParser(nonNegative).default(0),
    )
    .addOption(
      new Option("--max-turns <number>", "(default: the recipe's)").argParser(positiveNumber),
    )
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(1))
    .option("--json", "print one JSON object a line")
    .action(async (options: EvaluateOptions) => {
      await evaluatePolicy(environment, options);
    });
}

async function evaluatePolicy(
  environment: OfferedEnvironment,
  options: EvaluateOptions,
): Promise<void> {
  const recipe = environment.recipe(options.seed, options);
  const wanted = options.split ?? environment.defaultSplit(recipe);
  const { seed, temperature, samples } = options;
  const policy = await reading(() =>
    openEvaluatedPolicy(options.policy, {
      threads: recipe.engine.threads,
      device: deviceOf(options, "evaluate"),
      weightStorage: options.weightStorage,
      ...(options.adapter !== undefined && { adapter: options.adapter }),
    }),
  );
  const reporter =
    options.json === true ? jsonReporter(process.stdout) : textReporter(process.stdout);
  try {
    const source = await openTasks(evaluationConfig(recipe, wanted, policy, options));
    try {
      const { split, tasks } = source.evaluation[0]!;
      if (options.json !== true) reporter.say(source.description);
      const { environmentTimeoutSeconds } = source;
      const maxTurns = options.maxTurns ?? recipe.episode.maxTurns;
      const report = await evaluate(`evaluate/${split}`, tasks, temperature, {
        createEnvironment: source.createEnvironment,
        format: evaluatedFormat(source.format, policy, options, reporter),
        sampler: policy.sampler,
        tokenizer: policy.tokenizer,
        policyVersion: policy.policyVersion,
        options: {
          ...recipe.episode,
          maxTurns,
          ...(environmentTimeoutSeconds !== undefined && { environmentTimeoutSeconds }),
        },
        random: createRandom(seed),
        numSamples: samples,
        onProgress: (done) => reporter.now(`evaluating ${split}: ${percent(done)}`),
      });
      const passes = samples > 1 ? [...passCurve(report.groups)] : [];
      const { metrics, byKind } = report;
      const failed = metrics["failed"] ?? 0;
      const usage = policy.usage();
      reporter.row(
        {
          stage: "evaluation",
          split,
          ...metrics,
          byKind,
          ...(source.omissions && { omissions: source.omissions }),
          ...(samples > 1 && { passAtK: Object.fromEntries(passes) }),
        },
        [
          `${split}: ${evaluationTexts(metrics).join(", ")}`,
          ...Object.entries(byKind).map(
            ([kind, success]) => `  ${kind.padEnd(32)} ${percent(success).padStart(6)}`,
          ),
          ...passes.map(([k, share]) => `  pass@${k}`.padEnd(35) + percent(share).padStart(6)),
          ...(failed > 0 ? [`  ${failed} episodes failed on their own account`] : []),
          ...(usage === undefined ? [] : [`  ${usage}`]),
        ].join("\n"),
      );
    } finally {
      await source.close?.();
    }
  } finally {
    reporter.close();
    await policy.close();
  }
}

/** The format of the tasks, as the policy is to be prompted. */
function evaluatedFormat(
  format: AgentFormat,
  { loadedTokenizer }: EvaluatedPolicy,
  { chat, policy }: EvaluateOptions,
  reporter: Reporter,
): AgentFormat {
  if (loadedTokenizer === undefined) return format;
  if (chat === true) return chatFormat(format, loadedTokenizer, policy);
  const warning = missingChatWarning(format, loadedTokenizer, policy, "--chat");
  if (warning !== undefined) reporter.warn(warning);
  return plainFormat(format, loadedTokenizer);
}

/** The recipe's settings, on the tasks that are asked for alone. */
function evaluationConfig(
  recipe: TrainConfig,
  split: string,
  { loadedTokenizer }: EvaluatedPolicy,
  { numTasks, maxTurns }: EvaluateOptions,
): TrainConfig {
  const evaluation = [{ split, numTasks }];
  const episode = { ...recipe.episode, maxTurns: maxTurns ?? recipe.episode.maxTurns };
  const { tasks } = recipe;
  if (tasks.environment !== "swebench") {
    return { ...recipe, tasks: { ...tasks, numTraining: 0, evaluation }, episode };
  }
  // Which tasks are held out depends on those that are trained on.
  const template = loadedTokenizer === undefined ? ("messages" as const) : tasks.template;
  return { ...recipe, tasks: { ...tasks, template, evaluation }, episode };
}
