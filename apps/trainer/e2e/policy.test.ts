import { mkdtemp, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  buildWordVocabulary,
  createTokenizer,
  initialParameters,
  smallModelConfig,
  writeCheckpoint,
  writeTokenizer,
} from "@turnwise/policy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess as turnwise } from "./in-process.ts";

const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g h i j k l m n o p"]));
const config = {
  ...smallModelConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 32,
    numLayers: 2,
    maxSequenceTokens: 64,
  }),
  initializerRange: 0.2,
};

const talkerFiles = buildWordVocabulary(["a b c d e f g h i j k l m n"], {
  markers: ["<bos>", "<turn>"],
});
const talkerTokenizer = createTokenizer({
  ...talkerFiles,
  config: { ...talkerFiles.config, add_bos_token: true, bos_token: "<bos>" },
  chatTemplate:
    "{{ bos_token }}{% for m in messages %}<turn>{{ m.content }}<end>{% endfor %}" +
    "{% if add_generation_prompt %}<turn>{{ mood }}{% endif %}",
});

let folder: string;
/** A model with its tokenizer, one without, and one with a chat template and a BOS token. */
let model: string;
let wordless: string;
let talker: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-e2e-"));
  [model, wordless, talker] = ["model", "wordless", "talker"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const parameters = initialParameters(config, 3);
  await writeCheckpoint(model, { config, parameters });
  await writeTokenizer(model, tokenizer.files);
  await writeCheckpoint(wordless, { config, parameters });
  await writeCheckpoint(talker, { config, parameters });
  await writeTokenizer(talker, talkerTokenizer.files);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Fields of the commands' output that the tests read. */
interface Printed {
  readonly row: number;
  readonly tokens: number[];
  readonly text: string;
  readonly logProbs: number[];
  readonly entropies: number[];
  readonly rows: { readonly logProbs: number[]; readonly entropies: number[] }[];
  readonly parameters: { readonly total: number };
  readonly stored: object;
  readonly computed: {
    readonly sampling: { readonly weights: number; readonly perSequence: number };
    readonly training: { readonly adapterParameters: number; readonly lowRank: number };
  };
}

/** Runs `turnwise policy`. @returns The JSON objects that it printed, one per line. */
async function runPolicy(args: readonly string[], input = ""): Promise<Printed[]> {
  const { code, stdout, stderr } = await turnwise(["policy", ...args, "--json"], { input });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line): Printed => JSON.parse(line));
}

/** Runs a command that must refuse its input. @returns The error message. */
async function runRefused(args: readonly string[], input = ""): Promise<string> {
  const { code, stdout, stderr } = await turnwise(["policy", ...args], { input });
  expect(stdout).toBe("");
  expect(code).toBe(2);
  return stderr;
}

describe("policy generate and score", () => {
  it("streams the greedy continuation, with the log-probs that scoring gives", async () => {
    const args = ["generate", model, "--prompt", "a b c", "--max-tokens", "12"];
    const { stdout, stderr, code } = await turnwise(["policy", ...args]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^12 tokens in .*, prompt of 3 tokens; .* tokens\/s; stop reason length/u,
    );
    const [row, total] = await runPolicy(args);
    expect(row).toMatchObject({ row: 0, stopReason: "length" });
    expect(`${row!.text}\n`).toBe(stdout);
    expect(total).toMatchObject({ responses: 1, promptTokens: 3, tokens: 12 });

    // Sampled at temperature 1, each token has the log-prob that scoring gives it.
    const sampled = ["--temperature", "1", "--seed", "7", "--max-tokens", "20"];
    const ids = JSON.stringify([
      [1, 2],
      [5, 6, 7],
    ]);
    const rows = await runPolicy(
      ["generate", model, "--ids", "-", "--ignore-end", ...sampled],
      ids,
    );
    const whole = [
      [1, 2, ...rows.find(({ row: index }) => index === 0)!.tokens],
      [5, 6, 7, ...rows.find(({ row: index }) => index === 1)!.tokens],
    ];
    const [scores] = await runPolicy(["score", wordless, "--ids", "-"], JSON.stringify(whole));
    for (const { row: index, logProbs, entropies } of rows.slice(0, 2)) {
      expect(scores!.rows[index]!.logProbs.slice(-20)).toEqual(logProbs);
      expect(scores!.rows[index]!.entropies.slice(-21, -1)).toEqual(entropies);
    }
  });

  it("stops at stop strings and stop tokens, and applies top-k, min-p and bans", async () => {
    const args = ["generate", model, "--prompt", "a b c", "--ignore-end", "--max-tokens", "12"];
    const [free] = await runPolicy(args);
    const { text } = free!;
    const stop = text.slice(text.indexOf(" ") - 1, text.indexOf(" ") + 2);
    const { stdout, stderr } = await turnwise(["policy", ...args, "--stop", stop, "--stop", "zz"]);
    expect(stdout).toBe(`${text.slice(0, text.indexOf(stop))}\n`);
    expect(stderr).toContain("stop reason stop-string");
    const end = free!.tokens[2]!;
    const [stopped] = await runPolicy([...args, "--stop-token", String(end)]);
    expect(stopped!.tokens).toEqual(free!.tokens.slice(0, free!.tokens.indexOf(end) + 1));
    const filters = ["--top-k", "1", "--min-p", "0.1", "--ban", String(end)];
    const [filtered] = await runPolicy([...args, ...filters]);
    expect(filtered!.tokens).not.toContain(end);
    const before = free!.tokens.indexOf(end);
    expect(filtered!.tokens.slice(0, before)).toEqual(free!.tokens.slice(0, before));
    expect(filtered!.logProbs).toEqual(free!.tokens.map(() => 0));
  });

  it("answers a message in the chat template, and adds the BOS token to plain text", async () => {
    const args = ["--max-tokens", "4", "--ignore-end"];
    const chat = ["generate", talker, "--chat", "--prompt", "a b", "--system", "c", ...args];
    const [row, total] = await runPolicy([...chat, "--variable", "mood=d"]);
    const prompt = talkerTokenizer.encode("<bos> <turn> c <end> <turn> a b <end> <turn> d");
    expect(total).toMatchObject({ promptTokens: prompt.length });
    const ids = JSON.stringify(prompt);
    const [same] = await runPolicy(["generate", talker, "--ids", "-", ...args], ids);
    expect(row!.tokens).toEqual(same!.tokens);

    const [, plain] = await runPolicy(["generate", talker, "--prompt", "a b", ...args]);
    expect(plain).toMatchObject({ promptTokens: 3 });
    expect(await runRefused(["generate", talker, "--prompt", "a", "--system", "b"])).toBe(
      "turnwise: policy generate: --system needs --chat\n",
    );
    expect(await runRefused(["generate", model, "--prompt", "a", "--chat"])).toBe(
      "turnwise: renderChat: tokenizer must have a chat template, got none\n",
    );
  });

  it("chats, one message per line", async () => {
    const args = ["chat", talker, "--max-tokens", "3", "--ignore-end", "--variable", "mood=d"];
    const input = "a b\n\nc\n/history\n/reset\na b\n";
    const { code, stdout, stderr } = await turnwise(["policy", ...args], { input });
    expect(code).toBe(0);
    const [first, second, history, again] = stdout.trimEnd().split("\n");
    expect(first!.split(" ")).toHaveLength(3);
    expect(history).toBe(
      `<bos><turn>a b<end><turn>${first}<end><turn>c<end><turn>${second}<end><turn>d`,
    );
    // A new conversation starts like the first one.
    expect(again).toBe(first);
    expect(stderr).toContain("answer truncated after 3 tokens");

    const short = ["policy", ...args, "--context", "12"];
    const full = await turnwise(short, { input: "a b\nc\nd\n" });
    expect(full.code).toBe(2);
    expect(full.stderr).toContain(
      "turnwise: policy chat: conversation must be shorter than the context of 12 tokens, got",
    );
  });

  it("prints token ids if there is no tokenizer", async () => {
    const args = ["generate", wordless, "--ids", "-", "--max-tokens", "3"];
    const { stdout, code } = await turnwise(["policy", ...args], { input: "[1, 2, 3]" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+ \d+ \d+\n$/u);
  });

  it("refuses unusable input in one line", async () => {
    const long = JSON.stringify(Array.from({ length: 65 }, () => 1));
    const [tooLong, noWords, noRoom, noModel, noProvider, noProducts] = await Promise.all([
      runRefused(["score", model, "--ids", "-"], long),
      runRefused(["generate", wordless, "--prompt", "a"]),
      runRefused(["generate", model, "--prompt", "a", "--cache-bytes", "1000"]),
      runRefused(["info", folder]),
      runRefused(["score", model, "--ids", "-", "--provider", "gpu"], "[[1]]"),
      runRefused(["info", model, "--provider", "cuda", "--precision", "float16"]),
    ]);
    expect(tooLong).toBe(
      "turnwise: standard input must have at most the 64 tokens of the model's context, got 65\n",
    );
    expect(noWords).toBe(
      `turnwise: ${join(wordless, "tokenizer.json")}: file not found; --prompt needs a tokenizer\n`,
    );
    expect(noRoom).toContain("must fit into cacheBytes 1000, got 1 + 63");
    expect(noModel).toContain("config.json");
    expect(noProvider).toBe(
      "turnwise: policy: provider must be one of cpu, webgpu, cuda, onnx-cuda, got gpu\n",
    );
    expect(noProducts).toBe(
      "turnwise: policy: products must be one of float32, tensorfloat32, bfloat16 on cuda, got float16\n",
    );
  });
});

describe("policy info", () => {
  it("counts parameters and memory by part", async () => {
    const [report] = await runPolicy(["info", model, "--tokens", "100", "--rank", "2"]);
    const { parameters, computed, stored } = report!;
    // Two layers of width 32 with one head of 32, an MLP of 96, and two norms of the head's size.
    expect(parameters).toEqual({
      embedding: 32 * config.vocabularySize,
      attention: 2 * 4 * 32 * 32,
      gatedUnits: 2 * 3 * 32 * 96,
      norms: 2 * (32 + 32 + 32 + 32) + 32,
      head: 0,
      total: 32 * config.vocabularySize + 2 * (4 * 32 * 32 + 3 * 32 * 96 + 4 * 32) + 32,
    });
    expect(stored).toMatchObject({ type: "F32", numFiles: 1, numBytes: 4 * parameters.total });
    // Keys and values of two layers; 100 tokens take two pages of 64.
    expect(computed.sampling).toMatchObject({ perToken: 512, perSequence: 2 * 64 * 512 });
    expect(computed.training.adapterParameters).toBe(2 * 2 * (4 * 64 + 3 * 128));
    // On a GPU, embedding and head are one tensor, and sampler and learner share the weights.
    const onGpu = ["--provider", "webgpu", "--tokens", "100", "--rank", "2"];
    const [there] = await runPolicy(["info", model, ...onGpu]);
    const trained = computed.training.adapterParameters;
    expect(there!.computed.sampling.weights).toBe(4 * parameters.total);
    expect(there!.computed.training.lowRank).toBe(
      4 * parameters.total + 20 * trained + computed.sampling.perSequence,
    );
    const { stdout } = await turnwise(["policy", "info", model, "--measure"]);
    expect(stdout).toMatch(/^measured +48 prompt tokens and a few sampled ones, peak \d/mu);
  });
});

const shared = fileURLToPath(new URL("../../../../shared/policy", import.meta.url));

/** Reads golden values computed by PyTorch. */
async function readGolden(name: string): Promise<{
  readonly input_ids: number[][];
  readonly token_log_probs: number[][];
  readonly token_entropies: number[][];
  readonly greedy: { readonly prompt: number[]; readonly continuation: number[] };
}> {
  return JSON.parse(await readFile(join(shared, name, "golden.json"), "utf8"));
}

describe.skipIf(!existsSync(shared))("on checkpoints with golden values of PyTorch", () => {
  it.each([
    ["qwen2-tied", []],
    ["qwen3-untied", []],
    ["llama-lora", ["--adapter", join(shared, "llama-lora/adapter")]],
  ])("%s: agrees in log-probs, entropies and greedy tokens", async (name, options) => {
    const { input_ids, token_log_probs, token_entropies, greedy } = await readGolden(name);
    const path = join(shared, name);
    const [scores] = await runPolicy(
      ["score", path, "--ids", "-", ...options],
      JSON.stringify(input_ids),
    );
    let worst = 0;
    scores!.rows.forEach(({ logProbs, entropies }, row) => {
      logProbs.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - token_log_probs[row]![i]!));
      });
      entropies.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - token_entropies[row]![i]!));
      });
      expect([logProbs.length, entropies.length]).toEqual([23, 24]);
    });
    expect(worst).toBeLessThan(2e-4);
    const [response] = await runPolicy(
      ["generate", path, "--ids", "-", "--max-tokens", "24", "--ignore-end", ...options],
      JSON.stringify(greedy.prompt),
    );
    expect(response!.tokens).toEqual(greedy.continuation);
  });
});
