import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWordVocabulary, createTokenizer, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTurnwise } from "./turnwise.ts";

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-language-model-"));
  model = join(folder, "model");
  // A tiny language model with few words and a chat template.
  const chatTemplate =
    "{% for m in messages %}<user> {{ m.content }} {% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
  const words = buildWordVocabulary(["look < think > / action go to"], {
    markers: ["<user>", "<assistant>"],
  });
  const tokenizer = createTokenizer({ ...words, chatTemplate });
  const policy = await createLocalPolicy({
    model: smallModelConfig({
      vocabularySize: tokenizer.vocabularySize,
      hiddenSize: 16,
      numLayers: 1,
      numHeads: 2,
      maxSequenceTokens: 4096,
    }),
    tokenizer,
    threads: 1,
  });
  await policy.save(model);
  await policy.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const small = [
  "training.iterations=2",
  "training.groupsPerIteration=2",
  "training.groupSize=2",
  "training.minibatches=1",
  "tasks.numTraining=4",
  'tasks.evaluation=[{"split":"held_out","numTasks":2}]',
  "episode.maxTurns=2",
  "episode.maxResponseTokens=8",
].flatMap((setting) => ["--set", setting]);

const readMetrics = async (out: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(out, "metrics.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("train --model", () => {
  it("trains an adapter in the model's chat template, and evaluates it", async () => {
    const out = join(folder, "adapted");
    const trained = await runTurnwise([
      "train",
      "alfworld",
      "--model",
      model,
      "--adapter-rank",
      "2",
      "--out",
      out,
      ...small,
    ]);
    expect(trained.stderr).toBe("");
    expect(trained.stdout).toContain(`--policy ${model} --adapter ${join(out, "policy")} --chat`);
    expect(await readdir(join(out, "policy"))).toContain("adapter_model.safetensors");
    const iterations = (await readMetrics(out)).filter(({ stage }) => stage === "iteration");
    expect(iterations).toHaveLength(2);
    // The reference is the model without its adapter, which has no effect at first.
    expect(Number(iterations[0]!["referenceKl"])).toBeCloseTo(0, 5);

    const evaluated = await runTurnwise([
      "evaluate",
      "alfworld",
      "--policy",
      model,
      "--adapter",
      join(out, "policy"),
      "--chat",
      "--format",
      "verl-agent",
      "--num-tasks",
      "2",
      "--max-turns",
      "2",
      "--json",
      "--out",
      join(folder, "evaluated"),
    ]);
    expect(evaluated.stderr).toBe("");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ stage: "evaluation", episodes: 2 });
  });

  it("trains all weights and a critic by PPO", async () => {
    const out = join(folder, "ppo");
    const trained = await runTurnwise([
      "train",
      "alfworld",
      "--model",
      model,
      "--algorithm",
      "ppo",
      "--out",
      out,
      ...small,
    ]);
    expect(trained.stderr).toBe("");
    expect(await readdir(join(out, "policy"))).toContain("value_head.safetensors");
    const last = (await readMetrics(out)).findLast(({ stage }) => stage === "iteration");
    expect(last).toMatchObject({ updates: 1, keptGroups: 2 });
    expect(last).toHaveProperty("valueMean");
  });

  it("checks the model folder before it creates a run", async () => {
    const out = join(folder, "never");
    const long = await runTurnwise([
      "train",
      "alfworld",
      "--model",
      model,
      "--out",
      out,
      "--set",
      "model.maxTokens=5000",
    ]);
    expect(long.stderr.trim()).toBe(
      `turnwise: model.maxTokens must be at most 4096, the maximum sequence length of ${model}, got 5000`,
    );
    expect(long.code).toBe(2);
    const missing = await runTurnwise(["train", "alfworld", "--model", out, "--out", out]);
    expect(missing.stderr.trim().split("\n")).toHaveLength(1);
    expect(missing.code).toBe(2);
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });
});
