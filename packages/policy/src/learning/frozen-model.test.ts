import { crossEntropy } from "@turnwise/core";
import { expect, test } from "vitest";
import { adapterConfig, adapterTable } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { parameterTable } from "../model/parameter-table.ts";
import { traceTraining } from "./learning-programs.ts";
import { traceObjective } from "./objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

// All sizes differ, so that the shape of a tensor identifies it.
const config = {
  ...smallModelConfig({
    vocabularySize: 50,
    hiddenSize: 24,
    numLayers: 2,
    numHeads: 2,
    intermediateSize: 40,
  }),
  headSize: 16,
  tiedEmbeddings: false,
};

test.each([1, 3])("computes no gradient of a frozen weight, with %d head chunks", (headChunks) => {
  const adapter = adapterConfig(config, { rank: 3, targetModules: ["q_proj", "down_proj"] });
  const layout = parameterLayout(config, { adapter });
  const { operations, outputs } = traceTraining(layout, traceObjective(crossEntropy), {
    headChunks,
  });
  const frozen = new Set(
    parameterTable(config).flatMap(({ shape }) => (shape.length === 2 ? [shape.join()] : [])),
  );
  const found = operations.filter(
    ({ kind, outputs: results }) =>
      kind !== "input" && results.some(({ shape }) => frozen.has(shape.join())),
  );
  expect(found.map(({ kind }) => kind)).toEqual([]);
  const gradients = Object.keys(outputs).filter((name) => name.startsWith("gradient/"));
  expect(gradients).toEqual(adapterTable(config, adapter).map(({ name }) => `gradient/${name}`));
});
