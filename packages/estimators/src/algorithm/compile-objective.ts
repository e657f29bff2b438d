import type { Objective } from "@turnwise/core";
import { addObjectives, scaleObjective } from "../combine-objectives.ts";
import { entropyBonus } from "../entropy-bonus.ts";
import { klPenalty } from "../kl-penalty.ts";
import { valueLoss } from "../value-loss.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";
import { compileSurrogate } from "./surrogate.ts";

/**
 * Creates the objective of an algorithm: the weighted sum of surrogate, divergence, entropy bonus
 * and value loss.
 */
export function compileObjective(
  { surrogate, kl, entropyBonus: bonus, valueLoss: critic }: ResolvedAlgorithm,
  part?: Objective,
): Objective {
  const terms = [compileSurrogate(surrogate, part)];
  if (kl.kind === "loss") terms.push(scaleObjective(kl.coefficient, klPenalty(kl)));
  if (bonus.kind === "bonus") terms.push(scaleObjective(bonus.coefficient, entropyBonus()));
  if (critic.kind === "squared") {
    terms.push(scaleObjective(critic.coefficient, valueLoss(critic)));
  }
  return addObjectives(...terms);
}
