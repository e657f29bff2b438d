import { expect, test } from "vitest";
import * as policy from "./index.ts";
import * as local from "./local/index.ts";
import * as remote from "./remote/index.ts";

test("exports these names", () => {
  expect(Object.keys(policy).toSorted()).toEqual([
    "Detokenizer",
    "OpenSafetensors",
    "StopStrings",
    "adapterConfig",
    "adapterConfigJson",
    "adapterTable",
    "beginChat",
    "buildTextVocabulary",
    "buildWordVocabulary",
    "continueChat",
    "createTokenizer",
    "describeWeights",
    "endTokenText",
    "initialAdapter",
    "initialParameters",
    "learningRateAt",
    "mergeAdapter",
    "modelConfigJson",
    "parameterTable",
    "parseAdapterConfig",
    "parseModelConfig",
    "readAdapter",
    "readAdapterConfig",
    "readCheckpoint",
    "readGenerationEndTokens",
    "readModelConfig",
    "readSafetensors",
    "readTokenizer",
    "smallModelConfig",
    "unknownTokenText",
    "writeAdapter",
    "writeCheckpoint",
    "writeSafetensors",
    "writeTokenizer",
  ]);
  expect(Object.keys(local).toSorted()).toEqual([
    "chooseWeightStorage",
    "computeMemoryNeeds",
    "createLocalPolicy",
    "createLocalSampler",
    "estimateTrainingMemory",
    "parseDevice",
    "readAvailableMemory",
    "staysOnDevice",
  ]);
  expect(Object.keys(remote).toSorted()).toEqual([
    "RemoteError",
    "RemoteRefusal",
    "createChatSampler",
    "createCompletionsSampler",
    "createTinkerPolicy",
    "messageTemplate",
    "parseServerUrl",
    "textTokenizer",
  ]);
});
