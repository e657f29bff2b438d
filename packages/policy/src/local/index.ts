export type { OptimizerConfig } from "./optimizer.ts";
export {
  createLocalPolicy,
  type LocalLearner,
  type LocalPolicy,
  type LocalPolicyOptions,
  type PolicyInfo,
} from "./local-policy.ts";
