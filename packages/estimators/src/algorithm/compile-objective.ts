import type { Objective } from "@turnwise/core";
import { cispoSurrogate } from "../cispo-surrogate.ts";
import { clippedSurrogate } from "../clipped-surrogate.ts";
import { addObjectives, scaleObjective } from "../combine-objectives.ts";
import { entropyBonus } from "../entropy-bonus.ts";
import { geometricMeanSurrogate } from "../geometric-mean-surrogate.ts";
import { klPenalty } from "../kl-penalty.ts";
import { importanceSampling, policyGradient } from "../policy-gradient.ts";
import { sapoSurrogate } from "../sapo-surrogate.ts";
import { valueLoss } from "../value-loss.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";
import { findPart } from "./algorithm-parts.ts";

/** The surrogate of an algorithm as an objective. */
function compileSurrogate(
  surrogate: ResolvedAlgorithm["surrogate"],
  part: Objective | undefined,
): Objective {
  switch (surrogate.kind) {
    case "clipped":
      return clippedSurrogate(surrogate);
    case "cispo":
      return cispoSurrogate(surrogate);
    case "sapo":
      return sapoSurrogate(surrogate);
    case "gmpo":
      return geometricMeanSurrogate(surrogate);
    case "policy-gradient":
      return policyGradient();
    case "custom":
      return findPart("surrogate", surrogate, part);
  }
  return importanceSampling(surrogate satisfies { kind: "importance-sampling" });
}

/** The loss of an algorithm: surrogate, divergence, entropy bonus and value loss by their weights. */
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
