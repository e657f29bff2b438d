export {
  entropyAlong,
  expectedDrift,
  modulationPressure,
  naturalDirection,
  naturalDrift,
  plainDirection,
  plainDrift,
  policyEntropyDrift,
  probabilityDirection,
  regularizationDrift,
  type Regularization,
} from "./theory/drift.ts";
export {
  covariance,
  expectation,
  softmaxPolicy,
  type FinitePolicy,
} from "./theory/finite-policy.ts";
export { calibrationCost, computeCrossEntropy, featureDrift } from "./theory/parameter-space.ts";
export {
  treeEntropy,
  treeResponses,
  type TokenTree,
  type TreeResponse,
} from "./theory/token-tree.ts";
