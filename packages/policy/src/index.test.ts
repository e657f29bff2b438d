import { expect, test } from "vitest";
import * as policy from "./index.ts";
import * as local from "./local/index.ts";
import * as remote from "./remote/index.ts";

test("exports these names", () => {
  expect(Object.keys(policy).toSorted()).toEqual([
    "StopStrings",
    "TextStream",
    "buildTextVocabulary",
    "buildWordVocabulary",
    "createTokenizer",
    "endTokenText",
    "initialParameters",
    "learningRateAt",
    "modelConfigJson",
    "parameterTable",
    "parseModelConfig",
    "readCheckpoint",
    "readSafetensors",
    "readTokenizer",
    "smallModelConfig",
    "unknownTokenText",
    "writeCheckpoint",
    "writeSafetensors",
    "writeTokenizer",
  ]);
  expect(Object.keys(local).toSorted()).toEqual(["createLocalPolicy", "createLocalSampler"]);
  expect(Object.keys(remote).toSorted()).toEqual([
    "RemoteError",
    "chatSampler",
    "completionsSampler",
    "createTinkerPolicy",
    "messageTemplate",
    "textTokenizer",
  ]);
});
