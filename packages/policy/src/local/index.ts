export type { SaveModelOptions } from "./engine-port.ts";
export type { OptimizerConfig } from "./optimizer.ts";
export {
  createLocalPolicy,
  type LocalLearner,
  type LocalPolicy,
  type LocalPolicyOptions,
  type PolicyInfo,
} from "./local-policy.ts";
