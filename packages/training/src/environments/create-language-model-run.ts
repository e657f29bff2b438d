import type { InputOn } from "../experiment/run-schema.ts";
import type { BuiltInEnvironment, EnvironmentTasks } from "./environment.ts";
import type { ExperimentInput } from "../experiment/experiment-schema.ts";
import { toPaperSetting } from "../experiments/language-model.ts";
import { InputError } from "../input-error.ts";
import { environments, findEnvironment } from "./environments.ts";

/**
 * Creates the experiment of a language model with the paper's settings for the environment,
 * or the environment's own.
 * @param path - Path of a Hugging Face folder.
 * @param adapterRank - Rank of the LoRA adapter to train; absent: all weights are trained.
 * @throws {@link InputError} if the environment has no settings for language models.
 */
export function createLanguageModelRun(
  config: ExperimentInput,
  path: string,
  adapterRank: number | undefined,
): ExperimentInput {
  const { environment } = config.tasks;
  const settings = chooseSettings(findEnvironment(environment));
  if (settings !== undefined) {
    return toPaperSetting(
      settings,
      config as InputOn<EnvironmentTasks>,
      path,
      adapterRank,
    ) as ExperimentInput;
  }
  const names = environments.flatMap((one) =>
    chooseSettings(one) === undefined ? [] : [one.name],
  );
  throw new InputError(
    `--model needs an environment with settings for language models (${names.join(", ")}), got ${environment}; set model.source in the experiment instead`,
  );
}

const chooseSettings = (
  environment: BuiltInEnvironment | undefined,
): BuiltInEnvironment["languageModel"] => environment?.paper ?? environment?.languageModel;
