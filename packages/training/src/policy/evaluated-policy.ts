import type { RolloutParts, ScriptedParts, TaskSource } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";

/** Parts of an episode that a policy determines. */
export type PolicyParts =
  | Pick<RolloutParts, "sampler" | "tokenizer" | "policyVersion">
  | Pick<ScriptedParts, "createPlayer">;

/** Policy to evaluate: a script, a local model, or a model on a server. */
export interface EvaluatedPolicy {
  /** Creates the parts of rollouts. @throws `InputError` if the policy cannot play these tasks. */
  parts(source: TaskSource): Promise<PolicyParts>;
  /** Tokenizer with its files; absent for a script and for a model that exchanges messages. */
  readonly loadedTokenizer?: LoadedTokenizer;
  /** True if a server applies the chat template, so that prompts are messages. */
  readonly takesMessages: boolean;
  close(): Promise<void>;
}
