import type { Learner, Sampler, Tokenizer } from "@turnwise/core";
import type { LoadedTokenizer } from "@turnwise/policy";

/** Tokenizer of a policy: that of a folder, or any that implements core's interface. */
export type PolicyTokenizer = LoadedTokenizer | Tokenizer;

/** A policy that reinforcement learning trains, local or on a server. */
export interface TrainingPolicy {
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Scores of the initial weights, if the algorithm needs a reference. */
  readonly reference: Pick<Learner, "score"> | undefined;
  readonly tokenizer: PolicyTokenizer;
  /** Writes the policy for later evaluation. */
  save(directory: string): Promise<void>;
  close(): Promise<void>;
}
