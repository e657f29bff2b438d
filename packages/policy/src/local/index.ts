export { availableMemory } from "./available-memory.ts";
export { deviceOptions, staysOnDevice, type DeviceOptions, type NamedDevice } from "./device.ts";
export type { SaveModelOptions } from "./engine-port.ts";
export {
  memoryNeeds,
  trainingMemory,
  type MemoryNeeds,
  type MemoryOptions,
  type MemoryPart,
  type TrainingMemoryOptions,
} from "./memory-needs.ts";
export type { OptimizerConfig } from "./optimizer-config.ts";
export {
  createLocalPolicy,
  type LocalPolicy,
  type LocalPolicyOptions,
  type PolicyInfo,
} from "./local-policy.ts";
export {
  createLocalSampler,
  type LocalSamplerOptions,
  type StandaloneSampler,
} from "./create-local-sampler.ts";
export type { LocalSampler } from "./local-sampler.ts";
export type { OnToken, SampledToken } from "./sample-request.ts";
export type { SamplerUsage } from "./sampling-engine.ts";
export type { RowScores } from "./score-rows.ts";
export { chooseWeightStorage, type WeightStorage } from "./weight-storage.ts";
