import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initialParameters, smallModelConfig, writeCheckpoint } from "@turnwise/policy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkMemory, checkSamplingMemory, estimateMemory } from "./check-memory.ts";
import { checkConfig } from "../settings/config.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { householdGames } from "../experiments/household-games.ts";
import { createLanguageModelRun } from "../environments/create-language-model-run.ts";

let folder: string;
/** Path of a 16-bit model whose memory is mostly weights. */
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-check-memory-"));
  model = join(folder, "model");
  const config = smallModelConfig({
    vocabularySize: 2000,
    hiddenSize: 256,
    numLayers: 2,
    maxSequenceTokens: 4096,
  });
  await writeCheckpoint(
    model,
    { config, parameters: initialParameters(config, 0) },
    { type: "BF16" },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Creates a run whose sequences and microbatches need little memory compared to the weights. */
function runOf(rank?: number): ExperimentSettings {
  const config = checkConfig(createLanguageModelRun(householdGames(1), model, rank), "test");
  if (config.model.source !== "folder") throw new Error("the model must be a folder's");
  return {
    ...config,
    model: { ...config.model, maxTokens: 64 },
    training: { ...config.training, groupsPerIteration: 1, groupSize: 2 },
    engine: { ...config.engine, microbatchTokens: 64, recomputeLayers: true },
  };
}

test("accepts runs that fit, and those whose weights are elsewhere", async () => {
  await checkMemory(runOf());
  const onDevice = { ...runOf(), engine: { ...runOf().engine, provider: "cuda" as const } };
  expect(await estimateMemory(onDevice, 1)).toBeUndefined();
  await checkMemory(onDevice, 1);
  await checkMemory(checkConfig(householdGames(1), "test"));
});

test("refuses a run that does not fit, with its numbers and settings that fit", async () => {
  const whole = (await estimateMemory(runOf()))!;
  const adapted = (await estimateMemory(runOf(16)))!;
  expect(adapted.needed).toBeLessThan(whole.needed);
  await expect(checkMemory(runOf(), adapted.needed)).rejects.toThrow(
    /^train: not enough memory: [\d.]+ MiB needed \(weights, gradients and moments [\d.]+ MiB, reference weights .*, keys and values .*, process 256 MiB\), [\d.]+ MiB available; --adapter-rank 16 needs [\d.]+ MiB$/u,
  );
  const stored = {
    ...runOf(16),
    engine: { ...runOf(16).engine, weightStorage: "stored" as const },
  };
  const least = (await estimateMemory(stored))!;
  expect(least.needed).toBeLessThan(adapted.needed);
  const float32 = { ...runOf(), engine: { ...runOf().engine, weightStorage: "float32" as const } };
  await expect(checkMemory(float32, least.needed)).rejects.toThrow(
    /available; --adapter-rank 16 --set engine\.weightStorage=stored needs [\d.]+ MiB$/u,
  );
  await checkMemory(stored, least.needed);
  await expect(checkMemory(runOf(), 2 ** 20)).rejects.toThrow(
    / 1\.00 MiB available; no setting makes this run fit; use a smaller model$/u,
  );
});

test("refuses a policy that is only sampled from in the same way", async () => {
  const options = { path: model, weightStorage: "float32", device: {} } as const;
  await checkSamplingMemory("evaluate", options);
  await expect(checkSamplingMemory("evaluate", options, 2 ** 28 + 2 ** 23)).rejects.toThrow(
    /^evaluate: not enough memory: [\d.]+ MiB needed for .*model \(weights and one sequence\), 264 MiB available; --weight-storage stored needs [\d.]+ MiB$/u,
  );
});
