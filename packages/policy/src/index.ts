export { readCheckpoint, writeCheckpoint, type Checkpoint } from "./checkpoint.ts";
export { learningRateAt, type LearningRateSchedule } from "./learning-rate.ts";
export {
  modelConfigJson,
  parseModelConfig,
  smallModelConfig,
  type ModelConfig,
  type ModelType,
  type SmallModelOptions,
} from "./model-config.ts";
export {
  initialParameters,
  parameterTable,
  type Parameters,
  type ParameterSpec,
} from "./parameters.ts";
export {
  readSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type StoredTensor,
} from "./safetensors.ts";
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
export {
  buildWordVocabulary,
  endTokenText,
  unknownTokenText,
  type WordVocabularyOptions,
} from "./word-vocabulary.ts";
export { buildTextVocabulary, type TextVocabularyOptions } from "./text-vocabulary.ts";
