import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  crossEntropy,
  NonFiniteError,
  type SampleRequest,
  type Tokenizer,
  type TrainingRow,
} from "@turnwise/core";
import { afterAll, describe, expect, test } from "vitest";
import { readModelConfig } from "../checkpoints/checkpoint.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { type LocalPolicyOptions } from "./local-options.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-policy-"));
afterAll(() => rm(directory, { recursive: true }));

const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g h i j k l m n o p"]));
const model = smallModelConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 32,
  numLayers: 2,
  maxSequenceTokens: 300,
});

const create = (overrides: Partial<LocalPolicyOptions> = {}): Promise<LocalPolicy> =>
  createLocalPolicy({
    model,
    tokenizer,
    seed: 5,
    threads: 2,
    optimizer: { learningRate: { peak: 0.01, warmupSteps: 4 }, weightDecay: 0.1 },
    ...overrides,
  });

/** Rows that spell the alphabet, starting from different letters. */
const rows = (count = 6): TrainingRow[] =>
  Array.from({ length: count }, (_, i) => {
    const tokens = [...tokenizer.encode("a b c d e f g h i j").slice(i % 5), tokenizer.endToken];
    const length = tokens.length - 1;
    return {
      tokens,
      spans: [{ turnIndex: 0, start: 1, length }],
      weights: new Float32Array(length).fill(1 / 50),
      fields: {},
    };
  });

const request = (text: string, overrides: Partial<SampleRequest> = {}): SampleRequest => ({
  promptTokens: tokenizer.encode(text),
  seed: text,
  maxTokens: 10,
  stopTokens: [tokenizer.endToken],
  ...overrides,
});

/** Results of training, loading and sampling. */
async function outcome(policy: LocalPolicy): Promise<unknown> {
  const { learner, sampler } = policy;
  const reports = [];
  for (let i = 0; i < 3; i++) reports.push(await learner.update(rows(), crossEntropy));
  const version = await sampler.load(learner.weights());
  const samples = await Promise.all(
    ["a b", "c", "d e f"].map((text) => sampler.sample(request(text))),
  );
  return { reports, version, samples, scored: await learner.score(rows()) };
}

test("computes the same in a worker as in the same thread", async () => {
  const policies = await Promise.all([create(), create({ thread: "same" })]);
  const [inWorker, inThread] = await Promise.all(policies.map(outcome));
  expect(inWorker).toEqual(inThread);
  expect(inWorker).toMatchObject({ version: 3 });
  await Promise.all(policies.map((policy) => policy.close()));
});

test("learns to say what it is shown", async () => {
  const policy = await create();
  for (let i = 0; i < 40; i++) await policy.learner.update(rows(), crossEntropy);
  await policy.sampler.load(policy.learner.weights());
  const { tokens, stopReason } = await policy.sampler.sample(request("b c", { temperature: 0 }));
  expect(tokenizer.decode(tokens)).toBe("d e f g h i j <end>");
  expect(stopReason).toBe("stop-token");
  await policy.close();
});

test("keeps the event loop of the main thread free while it trains", async () => {
  const policy = await create({ microbatchTokens: 100_000 });
  let numTurns = 0;
  let isDone = false;
  const turn = (): void => {
    numTurns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await policy.learner.update(rows(600), crossEntropy);
  isDone = true;
  // If the engine blocked this thread during the microbatch, only a few turns of the event loop
  // would fit.
  expect(numTurns).toBeGreaterThan(100);
  await policy.close();
});

describe.each(["worker", "same"] as const)("with the engine in the %s thread", (thread) => {
  test("passes errors on with their class, message and fields", async () => {
    const policy = await create({ thread });
    const tooLong = policy.sampler.sample(request("a", { maxTokens: 400 }));
    await expect(tooLong).rejects.toBeInstanceOf(RangeError);
    await expect(tooLong).rejects.toThrow(
      "sample: promptTokens and maxTokens together must be at most 300 tokens, got 1 + 400",
    );
    const [first, second] = rows(2);
    const broken = { ...second!, weights: second!.weights.with(3, Number.NaN) };
    const update = policy.learner.update([first!, broken], crossEntropy);
    await expect(update).rejects.toBeInstanceOf(NonFiniteError);
    await expect(update).rejects.toMatchObject({ row: 1, position: 4 });
    await policy.close();
  });

  test("counts tokens while it samples, scores and trains", async () => {
    const policy = await create({ thread, microbatchTokens: 16 });
    const heard: Record<string, [number, number][]> = { score: [], update: [] };
    await policy.learner.score(rows(), (...progress) => heard["score"]!.push(progress));
    await policy.learner.update(rows(), crossEntropy, (...progress) =>
      heard["update"]!.push(progress),
    );
    for (const list of Object.values(heard)) {
      expect(list.length).toBeGreaterThan(1);
      const [done, total] = list.at(-1)!;
      expect(done).toBe(total);
      expect(list.map(([each]) => each)).toEqual(
        list.map(([each]) => each).toSorted((a, b) => a - b),
      );
    }
    const { tokens } = await policy.sampler.sample(request("a b", { stopTokens: [] }));
    expect(await policy.sampler.tokenCounts()).toEqual({ numRead: 2, numSampled: tokens.length });
    await policy.close();
  });

  test("cancels a request when its signal aborts, with the signal's reason", async () => {
    const policy = await create({ thread });
    const reason = new Error("enough");
    const controller = new AbortController();
    const [aborted, kept] = [
      policy.sampler.sample(request("a", { maxTokens: 200, stopTokens: [] }), controller.signal),
      policy.sampler.sample(request("b")),
    ];
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(policy.sampler.sample(request("c"), controller.signal)).rejects.toBe(reason);
    expect(await kept).toEqual(await policy.sampler.sample(request("b")));
    await policy.close();
  });

  test("rejects pending and later calls when it is closed", async () => {
    const policy = await create({ thread });
    const pending = policy.sampler.sample(request("a", { maxTokens: 200, stopTokens: [] }));
    const [outcome] = await Promise.all([Promise.allSettled([pending]), policy.close()]);
    expect(outcome).toMatchObject([
      {
        status: "rejected",
        reason: { message: expect.stringContaining("must not be closed") },
      },
    ]);
    await expect(policy.sampler.sample(request("a"))).rejects.toThrow(
      /must not be (?:closed|used)/u,
    );
    await expect(policy.learner.score(rows())).rejects.toThrow(/must not be (?:closed|used)/u);
    await policy.close();
  });
});

test("loads only its own learner's current weights", async () => {
  const [policy, other] = await Promise.all([create(), create()]);
  await expect(policy.sampler.load(other.learner.weights())).rejects.toThrow(
    "load: weights must come from the learner of the same policy",
  );
  const old = policy.learner.weights();
  expect(await policy.sampler.load(old)).toBe(0);
  await policy.learner.update(rows(), crossEntropy);
  await policy.learner.update(rows(), crossEntropy);
  await policy.sampler.load(policy.learner.weights());
  await expect(policy.sampler.load(old)).rejects.toThrow(
    "load: weights must be the learner's current version 2, got version 0",
  );
  await Promise.all([policy.close(), other.close()]);
});

test("resumes to the same bits after save and restore", async () => {
  const folder = join(directory, "saved");
  const policy = await create();
  for (let i = 0; i < 3; i++) await policy.learner.update(rows(), crossEntropy);
  await policy.save(folder);
  expect((await readdir(folder)).toSorted()).toEqual([
    "config.json",
    "model.safetensors",
    "optimizer.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const expected = await outcome(policy);

  const restored = await create({ seed: "another" });
  await restored.learner.restore(folder);
  expect(restored.learner.weights().version).toBe(3);
  expect(await outcome(restored)).toEqual(expected);

  // The folder is also a Hugging Face folder, with a tokenizer; loaded as a model, it has no
  // optimizer state.
  const begun = await createLocalPolicy({ model: folder });
  expect(begun.info.config).toEqual(model);
  expect(begun.tokenizer.encode("a p")).toEqual(tokenizer.encode("a p"));
  await restored.learner.restore(folder);
  expect(restored.learner.weights().version).toBe(7);
  expect(await begun.learner.score(rows())).toEqual(await restored.learner.score(rows()));
  await Promise.all([policy, restored, begun].map((each) => each.close()));
});

test("refuses folders of another shape or with mixed saves, and keeps its own state", async () => {
  const folder = join(directory, "other");
  const policy = await create();
  const wider = await create({ model: { ...model, intermediateSize: 48 } });
  await wider.save(folder);
  const before = await policy.learner.score(rows());
  await expect(policy.learner.restore(folder)).rejects.toThrow(
    `${join(folder, "model.safetensors")}: model.layers.0.mlp.gate_proj.weight must have shape [96, 32], got [48, 32]`,
  );
  await expect(policy.learner.restore(directory)).rejects.toThrow("model.safetensors");

  // Simulates a save that was killed between its two files.
  const [half, whole] = [join(directory, "half"), join(directory, "whole")];
  await policy.save(half);
  await policy.save(whole);
  await copyFile(join(whole, "model.safetensors"), join(half, "model.safetensors"));
  await expect(policy.learner.restore(half)).rejects.toThrow(
    `${join(half, "optimizer.safetensors")}: saved must be `,
  );
  expect(await policy.learner.score(rows())).toEqual(before);
  await Promise.all([policy.close(), wider.close()]);
});

test("limits sequences to its own maximum, and saves the model's", async () => {
  const policy = await create({ maxSequenceTokens: 12 });
  expect(policy.sampler.capabilities.maxSequenceTokens).toBe(12);
  await expect(policy.sampler.sample(request("a b c"))).rejects.toThrow(
    "sample: promptTokens and maxTokens together must be at most 12 tokens, got 3 + 10",
  );
  await expect(
    policy.learner.score([{ tokens: Array.from({ length: 13 }, () => 1), spans: [] }]),
  ).rejects.toThrow("score: rows[0] must have at most 12 tokens, got 13");
  const folder = join(directory, "short");
  await policy.save(folder);
  expect(await readModelConfig(folder)).toEqual(model);
  await policy.close();
});

test("refuses options that it cannot start from", async () => {
  await expect(create({ maxSequenceTokens: 301 })).rejects.toThrow(
    "createLocalPolicy: maxSequenceTokens must be a whole number in [1, 300], got 301",
  );
  await expect(createLocalPolicy({ model })).rejects.toThrow(
    "createLocalPolicy: tokenizer must be given if model is a config, got none",
  );
  await expect(create({ model: { ...model, vocabularySize: 5 } })).rejects.toThrow(
    "createLocalPolicy: tokenizer must have at most 5 tokens, got 18",
  );
  await expect(create({ model: join(directory, "nothing") })).rejects.toThrow("ENOENT");
  await expect(create({ optimizer: { learningRate: { peak: -1 } } })).rejects.toThrow(
    "learningRateAt: peak must be finite and >= 0, got -1",
  );
  await expect(create({ stepTokens: 1 })).rejects.toThrow("stepTokens must be a whole number >= 2");
});

test("accepts any tokenizer of core's interface, and saves the model without one", async () => {
  const letters = "abcdefghijklmnop";
  const own: Tokenizer = {
    vocabularySize: letters.length + 1,
    endToken: letters.length,
    encode: (text) => Array.from(text, (letter) => letters.indexOf(letter)),
    decode: (tokens) => tokens.map((token) => letters[token] ?? "").join(""),
  };
  const policy = await createLocalPolicy({
    model: smallModelConfig({ vocabularySize: own.vocabularySize, hiddenSize: 32, numLayers: 1 }),
    tokenizer: own,
    threads: 1,
  });
  try {
    expect(policy.tokenizer).toBe(own);
    const { tokens } = await policy.sampler.sample({
      promptTokens: own.encode("abc"),
      seed: "own",
      maxTokens: 4,
      stopTokens: [own.endToken],
      stopStrings: ["zz"],
    });
    expect(tokens.length).toBeGreaterThan(0);
    const saved = join(directory, "own-tokenizer");
    await policy.save(saved);
    const files = await readdir(saved);
    expect(files).toContain("model.safetensors");
    expect(files).not.toContain("tokenizer.json");
  } finally {
    await policy.close();
  }
});
