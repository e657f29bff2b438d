import type { Learner, Sampler, Tokenizer } from "@turnwise/core";
import type { LoadedTokenizer } from "@turnwise/policy";

/** Tokenizer of a policy: one loaded from a folder, or any implementation of `Tokenizer`. */
export type PolicyTokenizer = LoadedTokenizer | Tokenizer;

/** A policy that reinforcement learning trains, local or on a server. */
export interface TrainingPolicy {
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Scores rows under the initial weights; present if the algorithm needs a reference. */
  readonly reference: Pick<Learner, "score"> | undefined;
  readonly tokenizer: PolicyTokenizer;
  /** Writes the policy for later evaluation. */
  save(directory: string): Promise<void>;
  close(): Promise<void>;
}
