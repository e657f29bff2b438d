import {
  findUnmetNeeds,
  type KnownOfResponses,
  type Modulator,
  type ModulatorNeed,
} from "@turnwise/aem";
import type { Learner, LearnerCapabilities } from "@turnwise/core";
import type { AgentFormat } from "@turnwise/envs";
import type { CompiledAlgorithm } from "@turnwise/estimators";
import { InputError } from "../input-error.ts";

/** Parts of a run that must fit together. */
export interface MatchedParts {
  readonly algorithm: Pick<CompiledAlgorithm, "needs">;
  readonly modulator: Pick<Modulator, "name" | "needs">;
  readonly learner: Pick<Learner, "capabilities">;
  readonly reference?: unknown;
  readonly format: Pick<AgentFormat, "roles">;
}

/** Entropies that modulators can use, by capability of the learner. */
const knownEntropies: Readonly<
  Record<LearnerCapabilities["entropies"], KnownOfResponses["entropies"]>
> = {
  exact: "tokens",
  "top-k": "tokens",
  // The surprisal of one token does not estimate the entropy at that token, but the mean surprisal of
  // a response estimates its mean token entropy.
  surprisal: "responses",
  none: "none",
};

/** Learners by the entropies that they report, for messages. */
const learners: Readonly<Record<LearnerCapabilities["entropies"], string>> = {
  exact: "a learner that reports entropies",
  "top-k": "a learner that reports entropies",
  surprisal: "a learner that reports surprisals only",
  none: "a learner that reports neither entropies nor surprisals",
};

const remedies: Readonly<Record<ModulatorNeed, string>> = {
  "response-entropy": "a learner that reports entropies or log-probs",
  "token-entropies": "a learner that reports the entropy of each token",
  spans: "a format that marks reasoning and action (tasks.format)",
};

/**
 * Checks that the needs of a modulator are met.
 * @param entropies - Entropies that the learner reports.
 * @throws {@link InputError} naming the first unmet need.
 */
export function checkModulatorNeeds(
  modulator: MatchedParts["modulator"],
  entropies: LearnerCapabilities["entropies"],
  format: MatchedParts["format"],
): void {
  const [need] = findUnmetNeeds(modulator as Modulator, {
    entropies: knownEntropies[entropies],
    spans: format.roles !== undefined,
  });
  if (need === undefined) return;
  const got = need === "spans" ? "a format that does not mark them" : learners[entropies];
  throw new InputError(`modulation: ${modulator.name} needs ${remedies[need]}, got ${got}`);
}

/**
 * Checks that learner, reference and format meet the needs of algorithm and modulator.
 * @throws {@link InputError} naming the first unmet need.
 */
export function checkNeeds({
  algorithm,
  modulator,
  learner,
  reference,
  format,
}: MatchedParts): void {
  const { entropies, values } = learner.capabilities;
  const { needs } = algorithm;
  const refuse = (rule: string, got: string): never => {
    throw new InputError(`algorithm: ${rule}, got ${got}`);
  };
  if (needs.critic && values !== true) {
    refuse("learner must train a value head", "a learner without one");
  }
  if (needs.referenceLogProbs && reference === undefined) {
    refuse("policy must keep a reference policy for the KL divergence", "none");
  }
  if (needs.entropyGradient && (entropies === "surprisal" || entropies === "none")) {
    refuse("learner must report entropies for the entropy bonus", learners[entropies]);
  }
  checkModulatorNeeds(modulator, entropies, format);
}
