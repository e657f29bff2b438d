/** Writes model folders with the shapes of real models and random weights, for benchmarks. */
import { createRandom } from "@turnwise/core";
import { parameterTable, writeCheckpoint, type ModelConfig } from "@turnwise/policy";

const qwen: Omit<
  ModelConfig,
  "hiddenSize" | "intermediateSize" | "numLayers" | "numHeads" | "headSize"
> = {
  modelType: "qwen2",
  vocabularySize: 151936,
  numKeyValueHeads: 2,
  attentionBiases: "query-key-value",
  mlpBiases: false,
  ropeTheta: 1e6,
  ropeScaling: { kind: "none" },
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
  maxSequenceTokens: 32768,
  initializerRange: 0.02,
};

/** Shapes of Qwen2.5. */
export const shapes: Readonly<Record<"0.5B" | "1.5B", ModelConfig>> = {
  "0.5B": {
    ...qwen,
    hiddenSize: 896,
    intermediateSize: 4864,
    numLayers: 24,
    numHeads: 14,
    headSize: 64,
  },
  "1.5B": {
    ...qwen,
    hiddenSize: 1536,
    intermediateSize: 8960,
    numLayers: 28,
    numHeads: 12,
    headSize: 128,
  },
};

/** Writes a bfloat16 model without a tokenizer. @returns The number of its parameters. */
export async function writeRandomModel(directory: string, config: ModelConfig): Promise<number> {
  const random = createRandom("weights");
  const pool = Float32Array.from({ length: 2 ** 20 }, () => 0.04 * random.next() - 0.02);
  const table = parameterTable(config);
  const sizes = table.map(({ shape }) => shape.reduce((size, length) => size * length, 1));
  const whole = new Float32Array(Math.max(...sizes));
  for (let at = 0; at < whole.length; at += pool.length) {
    whole.set(pool.subarray(0, whole.length - at), at);
  }
  const parameters = new Map(table.map(({ name }, i) => [name, whole.subarray(0, sizes[i])]));
  await writeCheckpoint(directory, { config, parameters }, { type: "BF16" });
  return sizes.reduce((total, size) => total + size, 0);
}
