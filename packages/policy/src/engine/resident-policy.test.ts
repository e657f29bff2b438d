import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, type TrainingRow } from "@turnwise/core";
import { afterAll, expect, test } from "vitest";
import { readCheckpoint } from "../checkpoints/checkpoint.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { OpenSafetensors } from "../files/safetensors.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { type LocalPolicyOptions } from "./local-options.ts";

const directory = await mkdtemp(join(tmpdir(), "resident-policy-"));
afterAll(() => rm(directory, { recursive: true }));

const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g h i j k l m n o p"]));
const model = smallModelConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 16,
  numLayers: 2,
  maxSequenceTokens: 40,
});

const create = (overrides: Partial<LocalPolicyOptions> = {}): Promise<LocalPolicy> =>
  createLocalPolicy({
    model,
    tokenizer,
    threads: 1,
    thread: "same",
    microbatchTokens: 24,
    optimizer: { learningRate: { peak: 0.02 } },
    resident: true,
    ...overrides,
  });

const rows = [10, 7, 9, 12].map((length): TrainingRow => {
  const tokens = Array.from({ length }, (_, i) => 2 + ((i * i + length) % 13));
  return {
    tokens,
    spans: [{ turnIndex: 0, start: 2, length: length - 2 }],
    weights: new Float32Array(length - 2).fill(1 / 40),
    fields: {},
  };
});

/** Results of a policy's next steps: reports, scores and a response. */
async function outcome({ learner, sampler }: LocalPolicy): Promise<unknown> {
  const reports = [];
  for (let i = 0; i < 3; i++) reports.push(await learner.update(rows, crossEntropy));
  await sampler.load(learner.weights());
  const request = { promptTokens: [2, 5], seed: "s", maxTokens: 8, stopTokens: [] };
  return [
    reports,
    await learner.score(rows),
    await learner.reference!.score(rows),
    await sampler.sample(request),
  ];
}

const shapes: [string, Partial<LocalPolicyOptions>][] = [
  ["all weights and a reference", { keepReference: true }],
  ["an adapter and a value head", { adapter: { rank: 4 }, valueHead: true }],
];

test.for(shapes)("resumes to the same bits after save and restore: %s", async ([name, options]) => {
  const folder = join(directory, name);
  const policy = await create(options);
  for (let i = 0; i < 3; i++) await policy.learner.update(rows, crossEntropy);
  await policy.save(folder);
  const expected = await outcome(policy);
  const restored = await create(options);
  await restored.learner.update(rows, crossEntropy);
  await restored.learner.restore(folder);
  expect(await outcome(restored)).toEqual(expected);
  await Promise.all([policy.close(), restored.close()]);
});

test("writes folders that a policy with host arrays reads, and the other way round", async () => {
  const [resident, host] = [await create(), await create({ resident: false })];
  const [from, to] = [join(directory, "resident"), join(directory, "host")];
  for (let i = 0; i < 3; i++) await resident.learner.update(rows, crossEntropy);
  await resident.save(from);
  await host.learner.restore(from);
  expect(await host.learner.score(rows)).toEqual(await resident.learner.score(rows));
  await host.save(to);
  for (const file of ["model.safetensors", "optimizer.safetensors"]) {
    const both = await Promise.all(
      [from, to].map((folder) => OpenSafetensors.open(join(folder, file))),
    );
    expect(both[1]!.header.entries).toEqual(both[0]!.header.entries);
    for (const tensor of both[0]!.header.entries.keys()) {
      expect(await both[1]!.read(tensor)).toEqual(await both[0]!.read(tensor));
    }
    await Promise.all(both.map((each) => each.close()));
  }
  await Promise.all([resident.close(), host.close()]);
});

test("writes the model with the adapter merged in, as its sampler has it", async () => {
  const folder = join(directory, "merged");
  const policy = await create({ adapter: { rank: 4 } });
  for (let i = 0; i < 3; i++) await policy.learner.update(rows, crossEntropy);
  const scores = await policy.learner.score(rows);
  await policy.saveModel(folder);
  expect((await readCheckpoint(folder)).config).toEqual(model);
  const whole = await createLocalPolicy({ model: folder, threads: 1, thread: "same" });
  const others = await whole.learner.score(rows);
  scores.forEach(({ spans: [span] }, row) =>
    span!.logProbs.forEach((logProb, i) =>
      expect(others[row]!.spans[0]!.logProbs[i]).toBeCloseTo(logProb, 4),
    ),
  );
  await Promise.all([policy.close(), whole.close()]);
});
