import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import type { ModuleRecord } from "../experiment/experiment-module.ts";
import type { Parts } from "../experiment/experiment.ts";
import type { CellMachine } from "./machine.ts";
import { computeDigest } from "./canonical-json.ts";

/** Inputs of {@link computeStartKey}. */
export interface StartInputs {
  readonly settings: ExperimentSettings;
  readonly parts: Parts;
  /** Module of the experiment, if any. */
  readonly module?: ModuleRecord | undefined;
  /** Machine and versions, because results may differ between them. */
  readonly machine: CellMachine;
}

/**
 * Computes a digest of everything on which a run's warm start and first evaluation depend. Cells
 * with the same digest share both. Returns `undefined` if the policy comes from a module or a
 * server, because such a policy may depend on any setting.
 */
export function computeStartKey({
  settings,
  parts,
  module,
  machine,
}: StartInputs): string | undefined {
  const { seed, tasks, episode, model, warmStart, training, evaluation, engine } = settings;
  if (model.source !== "new" && model.source !== "folder") return undefined;
  const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = training;
  return computeDigest({
    seed,
    tasks,
    episode,
    model,
    warmStart,
    optimizer: { beta1, beta2, epsilon, weightDecay, maxGradientNorm },
    evaluation: { modes: evaluation.modes, temperature: evaluation.temperature },
    engine,
    machine,
    ...(parts.has("tasks") && { module: module?.files }),
  });
}
