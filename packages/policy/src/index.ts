export {
  adapterConfigJson,
  parseAdapterConfig,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
  type AdapterPurpose,
  type StoredAdapter,
  type WriteAdapterOptions,
} from "./checkpoints/adapter-checkpoint.ts";
export {
  beginChat,
  continueChat,
  type Chat,
  type ChatStep,
  type ChatTokenizer,
} from "./text/chat.ts";
export type { ChatMessage, ChatOptions, RenderChat, RenderOptions } from "./text/chat-template.ts";
export {
  describeWeights,
  readCheckpoint,
  readModelConfig,
  writeCheckpoint,
  type Checkpoint,
  type StoredCheckpoint,
  type WeightsInfo,
  type WriteCheckpointOptions,
} from "./checkpoints/checkpoint.ts";
export { readGenerationEndTokens } from "./text/end-tokens.ts";
export { learningRateAt, type LearningRateSchedule } from "./learning/learning-rate.ts";
export {
  adapterConfig,
  adapterTable,
  initialAdapter,
  mergeAdapter,
  type Adapter,
  type AdapterConfig,
  type AdapterOptions,
} from "./model/lora.ts";
export {
  smallModelConfig,
  type ModelConfig,
  type SmallModelOptions,
} from "./model/model-config.ts";
export type { ModelType } from "./model/families/families.ts";
export {
  modelConfigJson,
  parseModelConfig,
  type ModelConfigJsonOptions,
} from "./model/config-json.ts";
export type { Parameters, ParameterSpec } from "./model/shape/parameters.ts";
export { initialParameters, parameterTable } from "./model/parameter-table.ts";
export type { RopeScaling } from "./model/shape/rope-scaling.ts";
export {
  OpenSafetensors,
  readSafetensors,
  writeSafetensors,
  type FloatType,
  type SafetensorsFile,
  type StoredTensor,
  type WriteSafetensorsOptions,
} from "./files/safetensors.ts";
export type { SafetensorsHeader, StoredType, TensorEntry } from "./files/safetensors-header.ts";
export { StopStrings } from "./text/stop-strings.ts";
export { Detokenizer } from "./text/detokenizer.ts";
export {
  createTokenizer,
  readTokenizer,
  writeTokenizer,
  type LoadedTokenizer,
  type TokenizerOptions,
} from "./text/tokenizer.ts";
export type { TokenizerFiles } from "./text/tokenizer-files.ts";
export { endTokenText, unknownTokenText } from "./text/word-level-files.ts";
export { buildWordVocabulary, type WordVocabularyOptions } from "./text/word-vocabulary.ts";
export { buildTextVocabulary, type TextVocabularyOptions } from "./text/text-vocabulary.ts";
