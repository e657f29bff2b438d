import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, expectAllNear, type TrainingRow } from "@turnwise/core";
import { afterAll, expect, test } from "vitest";
import { readAdapter } from "../checkpoints/adapter-checkpoint.ts";
import { readCheckpoint, readModelConfig, writeCheckpoint } from "../checkpoints/checkpoint.ts";
import { readJson } from "../files/json-file.ts";
import { mergeAdapter } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { findSharedData, readGolden } from "../testing/shared-data.ts";
import { createTokenizer, writeTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { type LocalPolicyOptions } from "./local-options.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-adapter-policy-"));
afterAll(() => rm(directory, { recursive: true }));

const files = buildWordVocabulary(["a b c d e f g h i j k l m n o p"]);
const tokenizer = createTokenizer(files);
const model = {
  ...smallModelConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 32,
    numLayers: 2,
    maxSequenceTokens: 100,
  }),
  tiedEmbeddings: false,
};
const base = join(directory, "base");
await writeCheckpoint(base, { config: model, parameters: initialParameters(model, 3) });
await writeTokenizer(base, files);

/** Creates a policy on the base model, with an adapter unless overridden. */
const create = (overrides: Partial<LocalPolicyOptions> = {}): Promise<LocalPolicy> =>
  createLocalPolicy({
    model: base,
    adapter: { rank: 4, targetModules: ["q_proj", "down_proj"], modulesToSave: ["lm_head"] },
    threads: 2,
    thread: "same",
    optimizer: { learningRate: { peak: 0.02 } },
    ...overrides,
  });

const rows = (count = 4): TrainingRow[] =>
  Array.from({ length: count }, (_, i) => {
    const tokens = [...tokenizer.encode("a b c d e f g h i j").slice(i), tokenizer.endToken];
    const length = tokens.length - 1;
    return {
      tokens,
      spans: [{ turnIndex: 0, start: 1, length }],
      weights: new Float32Array(length).fill(1 / 40),
      fields: {},
    };
  });

/**
 * Log-probs of a greedy response from the sampler, and log-probs of the same tokens from the
 * learner.
 */
async function bothLogProbs({ sampler, learner }: LocalPolicy): Promise<[number[], number[]]> {
  const promptTokens = tokenizer.encode("b c");
  const request = { promptTokens, seed: "s", maxTokens: 8, stopTokens: [] };
  const { tokens, logProbs } = await sampler.sample(request);
  const span = { turnIndex: 0, start: promptTokens.length, length: tokens.length };
  const [scored] = await learner.score([{ tokens: [...promptTokens, ...tokens], spans: [span] }]);
  return [[...logProbs], [...scored!.spans[0]!.logProbs]];
}

test("starts as its base model, learns, and keeps the base as the reference", async () => {
  const policy = await create();
  const plain = await createLocalPolicy({ model: base, threads: 2, thread: "same" });
  const reference = await plain.learner.score(rows());
  expect(await policy.learner.score(rows())).toEqual(reference);
  // Targets: q [32, 32] and down [32, 96] in each of two layers, and the head [18, 32].
  expect(policy.info.numTrainedParameters).toBe(2 * 4 * (64 + 128) + 18 * 32);
  expect(policy.info.numParameters).toBe(plain.info.numParameters);

  const losses: number[] = [];
  for (let i = 0; i < 30; i++) {
    losses.push((await policy.learner.update(rows(), crossEntropy)).loss);
  }
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 3);
  expect(await policy.learner.reference!.score(rows())).toEqual(reference);

  await policy.sampler.load(policy.learner.weights());
  const [sampled, scored] = await bothLogProbs(policy);
  expectAllNear("log-probs", sampled, scored, 1e-4);
  await Promise.all([policy.close(), plain.close()]);
});

test("resumes to the same bits after save and restore, from a folder in peft's format", async () => {
  const folder = join(directory, "saved");
  const policy = await create();
  for (let i = 0; i < 3; i++) await policy.learner.update(rows(), crossEntropy);
  await policy.save(folder);
  expect((await readdir(folder)).toSorted()).toEqual([
    "adapter_config.json",
    "adapter_model.safetensors",
    "optimizer.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect((await readJson(join(folder, "adapter_config.json")))["base_model_name_or_path"]).toBe(
    base,
  );
  const next = async ({ learner }: LocalPolicy): Promise<unknown> => [
    await learner.update(rows(), crossEntropy),
    await learner.score(rows()),
  ];
  const expected = await next(policy);

  const restored = await create({ seed: "another", thread: "worker" });
  await restored.learner.restore(folder);
  expect(restored.learner.weights().version).toBe(3);
  expect(await next(restored)).toEqual(expected);

  // A new run that starts from the folder has the same weights, but no optimizer state.
  const begun = await create({ adapter: folder });
  expect(begun.learner.weights().version).toBe(0);
  expect(begun.info.adapter).toEqual(policy.info.adapter);
  await restored.learner.restore(folder);
  expect(await begun.learner.score(rows())).toEqual(await restored.learner.score(rows()));

  const other = await create({
    adapter: {
      rank: 4,
      alpha: 1,
      targetModules: ["q_proj", "down_proj"],
      modulesToSave: ["lm_head"],
    },
  });
  await expect(other.learner.restore(folder)).rejects.toThrow(
    `${join(folder, "adapter_config.json")}: lora_alpha and r must give a scale of 0.25, got 2`,
  );
  await Promise.all([policy, restored, begun, other].map((each) => each.close()));
});

test("is saved as a full model with the adapter merged in", async () => {
  const [folder, saved] = [join(directory, "merged"), join(directory, "apart")];
  const policy = await create();
  for (let i = 0; i < 3; i++) await policy.learner.update(rows(), crossEntropy);
  await policy.saveModel(folder);
  await policy.save(saved);
  const merged = await createLocalPolicy({ model: folder, threads: 2, thread: "same" });
  const [expected, found] = await Promise.all([
    policy.learner.score(rows()),
    merged.learner.score(rows()),
  ]);
  expected.forEach(({ spans }, i) =>
    expectAllNear("log-probs", found[i]!.spans[0]!.logProbs, spans[0]!.logProbs, 1e-4),
  );
  // `readAdapter` and `mergeAdapter` must give the same weights.
  const { parameters } = await readCheckpoint(base);
  const byHand = mergeAdapter(model, parameters, await readAdapter(saved, model));
  for (const [name, values] of (await readCheckpoint(folder)).parameters) {
    expectAllNear(name, values, byHand.get(name)!, 1e-6);
  }
  expect(await readModelConfig(folder)).toEqual(model);
  await Promise.all([policy.close(), merged.close()]);
});

test("keeps the initial weights as the reference of full training, if requested", async () => {
  const policy = await createLocalPolicy({ model: base, keepReference: true, thread: "same" });
  const before = await policy.learner.score(rows());
  await policy.learner.update(rows(), crossEntropy);
  expect(await policy.learner.reference!.score(rows())).toEqual(before);
  expect(await policy.learner.score(rows())).not.toEqual(before);
  const without = await createLocalPolicy({ model: base, thread: "same" });
  expect(without.learner.reference).toBeUndefined();
  await Promise.all([policy.close(), without.close()]);
});

test("names the mismatch between an adapter and its base", async () => {
  await expect(create({ adapter: { targetModules: ["c_attn"] } })).rejects.toThrow(
    'createLocalPolicy: adapter: targetModules must name linear layers of attention or the gated unit, got "c_attn"',
  );
  const folder = join(directory, "fits");
  const policy = await create();
  await policy.save(folder);
  const wide = { ...model, hiddenSize: 48 };
  await expect(create({ model: wide, tokenizer, adapter: folder })).rejects.toThrow(
    "q_proj.lora_A.weight must have shape [4, 48], got [4, 32]",
  );
  await policy.close();
});

const shared = findSharedData("policy/llama-lora");
test.skipIf(!shared)("generates the same greedy responses as transformers and peft", async () => {
  const policy = await createLocalPolicy({
    model: shared!,
    adapter: join(shared!, "adapter"),
    threads: 2,
    thread: "same",
  });
  const { prompt, continuation } = readGolden(shared!).greedy;
  const { tokens } = await policy.sampler.sample({
    promptTokens: prompt,
    seed: "",
    temperature: 0,
    maxTokens: continuation.length,
    stopTokens: [],
  });
  expect(tokens).toEqual(continuation);
  await policy.close();
});

test.skipIf(!shared)("keeps the other files and config fields of a model's folder", async () => {
  const folder = join(directory, "kept");
  const policy = await createLocalPolicy({ model: shared!, threads: 2, thread: "same" });
  await policy.saveModel(folder, { type: "BF16", maxFileBytes: 200_000 });
  for (const name of ["config.json", "generation_config.json", "tokenizer.json"]) {
    const [found, original] = await Promise.all(
      [folder, shared!].map((each) => readJson(join(each, name))),
    );
    expect(found).toEqual(name === "config.json" ? { ...original, dtype: "bfloat16" } : original);
  }
  expect(await readdir(folder)).toContain("chat_template.jinja");
  expect(await readdir(folder)).toContain("model.safetensors.index.json");
  const again = await createLocalPolicy({ model: folder, threads: 2, thread: "same" });
  await again.saveModel(folder);
  expect(await readCheckpoint(folder)).toMatchObject({ type: "BF16" });
  await Promise.all([policy.close(), again.close()]);
});
