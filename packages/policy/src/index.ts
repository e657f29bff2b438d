export {
  adapterConfigJson,
  parseAdapterConfig,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
  type AdapterPurpose,
  type StoredAdapter,
  type WriteAdapterOptions,
} from "./adapter-checkpoint.ts";
export { beginChat, continueChat, type Chat, type ChatStep, type ChatTokenizer } from "./chat.ts";
export type { ChatMessage, ChatOptions, RenderChat, RenderOptions } from "./chat-template.ts";
export {
  describeWeights,
  readCheckpoint,
  readModelConfig,
  writeCheckpoint,
  type Checkpoint,
  type StoredCheckpoint,
  type StoredWeights,
  type WriteCheckpointOptions,
} from "./checkpoint.ts";
export { readGenerationEndTokens } from "./end-tokens.ts";
export { learningRateAt, type LearningRateSchedule } from "./learning-rate.ts";
export {
  adapterConfig,
  adapterTable,
  initialAdapter,
  mergeAdapter,
  type Adapter,
  type AdapterConfig,
  type AdapterOptions,
} from "./lora.ts";
export {
  modelConfigJson,
  parseModelConfig,
  smallModelConfig,
  type ModelConfig,
  type ModelConfigJsonOptions,
  type ModelType,
  type SmallModelOptions,
} from "./model-config.ts";
export {
  initialParameters,
  parameterTable,
  type Parameters,
  type ParameterSpec,
} from "./parameters.ts";
export type { RopeScaling } from "./rope-scaling.ts";
export {
  OpenSafetensors,
  readSafetensors,
  writeSafetensors,
  type FloatType,
  type SafetensorsFile,
  type StoredTensor,
  type WriteSafetensorsOptions,
} from "./safetensors.ts";
export type { SafetensorsHeader, StoredType, TensorEntry } from "./safetensors-header.ts";
export { StopStrings } from "./stop-strings.ts";
export { TextStream } from "./text-stream.ts";
export {
  createTokenizer,
  readTokenizer,
  writeTokenizer,
  type LoadedTokenizer,
  type TokenizerFiles,
  type TokenizerOptions,
} from "./tokenizer.ts";
export { endTokenText, unknownTokenText } from "./word-level-files.ts";
export { buildWordVocabulary, type WordVocabularyOptions } from "./word-vocabulary.ts";
export { buildTextVocabulary, type TextVocabularyOptions } from "./text-vocabulary.ts";
