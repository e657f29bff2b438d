export { readAvailableMemory } from "../engine/available-memory.ts";
export {
  parseDevice,
  staysOnDevice,
  type DeviceOptions,
  type NamedDevice,
} from "../engine/device.ts";
export type { SaveModelOptions } from "../engine/engine-port.ts";
export {
  computeMemoryNeeds,
  estimateTrainingMemory,
  type MemoryNeeds,
  type MemoryOptions,
  type MemoryPart,
  type TrainingMemoryOptions,
} from "../engine/memory-needs.ts";
export type { OptimizerConfig } from "../learning/optimizer-config.ts";
export { createLocalPolicy, type LocalPolicy, type PolicyInfo } from "../engine/local-policy.ts";
export { createLocalSampler, type StandaloneSampler } from "../engine/create-local-sampler.ts";
export type { LocalPolicyOptions, LocalSamplerOptions } from "../engine/local-options.ts";
export type { LocalSampler } from "../engine/local-sampler.ts";
export type { OnToken, SampledToken } from "../sampling/sample-request.ts";
export type { SamplerUsage } from "../sampling/sampling-engine.ts";
export type { RowScores } from "../sampling/score-rows.ts";
export { chooseWeightStorage, type WeightStorage } from "../engine/weight-storage.ts";
