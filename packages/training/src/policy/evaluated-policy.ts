import type { RolloutParts, ScriptedParts, TaskSource } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";

/** Parts of an episode that a policy determines. */
export type PolicyParts =
  | Pick<RolloutParts, "sampler" | "tokenizer" | "policyVersion">
  | Pick<ScriptedParts, "createPlayer">;

/** A policy to evaluate: a script, or a model, local or on a server. */
export interface EvaluatedPolicy {
  /** @throws `InputError` if the policy cannot play these tasks. */
  parts(source: TaskSource): Promise<PolicyParts>;
  /** Tokenizer with its files; absent for a script, and for a model that exchanges messages. */
  readonly loadedTokenizer?: LoadedTokenizer;
  /** True if a server applies the chat template: prompts are messages. */
  readonly takesMessages: boolean;
  close(): Promise<void>;
}
