export type { OptimizerConfig } from "./learning-engine.ts";
export {
  createLocalPolicy,
  type LocalPolicy,
  type LocalPolicyOptions,
  type PolicyInfo,
} from "./local-policy.ts";
