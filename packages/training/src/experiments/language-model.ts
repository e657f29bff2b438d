import { grpo, type PaperSetting } from "@turnwise/estimators";
import type { InputOn } from "../experiment/run-schema.ts";

/** Linear layers that an adapter targets. */
const targetModules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/**
 * Replaces an experiment's small model by a language model with the settings of AEM's paper
 * (`PaperSetting`): no warm start, verl-agent's prompts and GRPO, and AEM.
 *
 * @param config - Experiment in the same environment, which provides the tasks.
 * @param path - Path of a Hugging Face folder.
 * @param adapterRank - Rank of the LoRA adapter to train, at ten times the learning rate; absent: all
 *   weights are trained.
 */
export function toPaperSetting<T extends object>(
  { setting, tasks }: { readonly setting: PaperSetting; readonly tasks: Partial<T> },
  config: InputOn<T>,
  path: string,
  adapterRank?: number,
): InputOn<T> {
  const model = createModelSettings(setting, path, adapterRank);
  const maxTokens = setting.maxPromptTokens.value + setting.maxResponseTokens.value;
  // Experiments with concatenated turns are already in the paper's setting.
  if (setting.presentation.value === "concatenated") {
    return { ...config, model: { ...model, maxTokens } };
  }
  const rowsAnIteration =
    setting.groupsPerIteration.value * setting.groupSize.value * setting.maxTurns.value;
  return {
    ...config,
    experiment: `${config.experiment}-language-model`,
    tasks: { ...config.tasks, ...tasks },
    episode: {
      maxTurns: setting.maxTurns.value,
      maxResponseTokens: setting.maxResponseTokens.value,
      successReward: setting.successReward.value,
      invalidActionPenalty: setting.invalidActionPenalty.value,
    },
    model: { ...model, maxTokens },
    warmStart: { ...config.warmStart, numDemonstrations: 0 },
    training: {
      ...config.training,
      iterations: setting.iterations.value,
      groupsPerIteration: setting.groupsPerIteration.value,
      groupSize: setting.groupSize.value,
      temperature: setting.temperature.value,
      // On average an episode takes about half of the maximum number of turns.
      minibatches: Math.round(rowsAnIteration / 2 / setting.minibatchRows.value),
      epochs: setting.epochs.value,
      // Round, because ten times 1e-6 is 9.999999999999999e-6 in float64.
      learningRate: Number(
        (setting.learningRate.value * (adapterRank === undefined ? 1 : 10)).toPrecision(12),
      ),
      finalShare: 1,
    },
    algorithm: grpo,
    modulation: {
      kind: "aem",
      strength: setting.strength.value,
      minEntropyRange: setting.minEntropyRange.value,
    },
    evaluation: { every: 10, temperature: setting.evaluationTemperature?.value ?? 1 },
    engine: { ...config.engine, recomputeLayers: true },
  };
}

/** Creates the settings of a model from a folder, with or without adapter. */
function createModelSettings(
  { presentation }: PaperSetting,
  path: string,
  adapterRank: number | undefined,
): Omit<Extract<InputOn<unknown>["model"], { source: "folder" }>, "maxTokens"> {
  return {
    source: "folder",
    path,
    // Concatenated formats contain the chat markup already.
    chat: presentation.value === "turn-wise",
    adapter:
      adapterRank === undefined
        ? null
        : { rank: adapterRank, alpha: 2 * adapterRank, targetModules },
  };
}
