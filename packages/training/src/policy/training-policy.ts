import type { Learner, Sampler, Tokenizer } from "@turnwise/core";
import type { LoadedTokenizer } from "@turnwise/policy";

/** Tokenizer of a policy: one that belongs to a folder, or any that satisfies core's interface. */
export type PolicyTokenizer = LoadedTokenizer | Tokenizer;

/** A policy that reinforcement learning improves, wherever it lives. */
export interface TrainingPolicy {
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Scores of the weights that training began with, where the algorithm asks for them. */
  readonly reference: Pick<Learner, "score"> | undefined;
  readonly tokenizer: PolicyTokenizer;
  /** Writes the policy for later evaluation. */
  save(directory: string): Promise<void>;
  close(): Promise<void>;
}
