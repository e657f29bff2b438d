/**
 * Memory and speed of a bfloat16 model whose weights are upcast to float32 or memory-mapped: loading,
 * sampling, and training an adapter of rank 16 on 4 x 256 tokens. Each runs in its own process, whose
 * memory is sampled meanwhile: anonymous memory must stay resident, file pages can be dropped and read
 * again. The models have random weights and are removed afterwards.
 *
 * npx tsx --conditions=turnwise-source bench/policy-stored.bench.ts [0.5B | 1.5B] [FOLDER] ["sample stored"]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, crossEntropy, type TrainingRow } from "@turnwise/core";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { createLocalPolicy, createLocalSampler } from "@turnwise/policy/local";
import { shapes, writeRandomModel } from "./random-model.ts";

const storages = ["float32", "stored"] as const;
type Storage = (typeof storages)[number];
const batches = [1, 8, 32];
const promptTokens = 32;
const responseTokens = 16;
const maxSequenceTokens = 1024;

async function sample(model: string, weightStorage: Storage): Promise<void> {
  const begin = performance.now();
  const standalone = await createLocalSampler({
    model,
    weightStorage,
    maxSequenceTokens,
    thread: "same",
  });
  console.log(`loaded in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  for (const batch of batches) {
    const random = createRandom("prompts");
    const prompts = Array.from({ length: batch }, () =>
      Array.from({ length: promptTokens }, () => random.integer(150000)),
    );
    const sampleAll = (maxTokens: number) =>
      Promise.all(
        prompts.map((prompt, i) =>
          standalone.sampler.sample({
            promptTokens: prompt,
            seed: `${i}`,
            maxTokens,
            stopTokens: [],
            sequenceId: `${batch} ${i}`,
          }),
        ),
      );
    await sampleAll(1);
    const start = performance.now();
    const cpu = process.cpuUsage();
    const responses = await sampleAll(responseTokens);
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - start) / 1000;
    for (const [i] of prompts.entries()) standalone.sampler.release(`${batch} ${i}`);
    const first = responses[0]!.logProbs.reduce((sum, value) => sum + value, 0);
    console.log(
      `batch ${batch}: ${((batch * responseTokens) / seconds).toFixed(1)} tokens/s, ${((user + system) / 1000 / batch / responseTokens).toFixed(1)} ms of CPU time per token; first log-prob sum ${first.toFixed(4)}`,
    );
  }
  await standalone.close();
}

async function train(model: string, weightStorage: Storage): Promise<void> {
  const words = Array.from({ length: 90 }, (_, i) => `word${i}`);
  const begin = performance.now();
  const policy = await createLocalPolicy({
    model,
    weightStorage,
    tokenizer: createTokenizer(buildWordVocabulary([], { words })),
    adapter: { rank: 16 },
    maxSequenceTokens,
    recomputeLayers: true,
    thread: "same",
  });
  console.log(`loaded in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const random = createRandom("rows");
  const rows = Array.from({ length: 4 }, (): TrainingRow => ({
    tokens: Array.from({ length: 256 }, () => random.integer(150000)),
    spans: [{ turnIndex: 0, start: 128, length: 128 }],
    weights: new Float32Array(128).fill(1 / 512),
    fields: {},
  }));
  for (let update = 0; update < 2; update++) {
    const start = performance.now();
    const { loss, gradientNorm } = await policy.learner.update(rows, crossEntropy);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `update ${update + 1}: ${seconds.toFixed(1)} s; loss ${loss.toFixed(5)}, gradient ${gradientNorm.toFixed(5)}`,
    );
  }
  const start = performance.now();
  await policy.sampler.load(policy.learner.weights());
  console.log(`sampler loaded in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  await policy.close();
}

/** Reads the resident memory of a process, MB, each page counted once: total, and anonymous. */
function memoryOf(pid: number): { resident: number; anonymous: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) / 1000;
  return { resident: field("Pss"), anonymous: field("Anonymous") };
}

/** Runs one task in its own process, and samples its memory. */
async function watch(task: string, storage: Storage, model: string): Promise<void> {
  const command = [...process.execArgv, import.meta.filename, task, storage, model];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  let [resident, anonymous] = [0, 0];
  const look = (): void => {
    try {
      const now = memoryOf(child.pid!);
      resident = Math.max(resident, now.resident);
      anonymous = Math.max(anonymous, now.anonymous);
    } catch {
      // The process has exited.
    }
  };
  const timer = setInterval(look, 50);
  child.stdout.on("data", (text: Buffer) => {
    look();
    for (const line of text.toString().trim().split("\n")) {
      console.log(
        `${task} ${storage.padEnd(8)} ${line}; peak so far ${resident.toFixed(0)} MB, ${anonymous.toFixed(0)} MB anonymous`,
      );
    }
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) console.log(`${task} ${storage} exited with code ${String(code)}`);
}

const tasks: Record<string, typeof sample> = { sample, train };
const [first = "0.5B", second, third] = process.argv.slice(2);
const task = tasks[first];
if (task) {
  await task(third!, second === "stored" ? "stored" : "float32");
} else {
  const only = third;
  const config = shapes[first === "1.5B" ? "1.5B" : "0.5B"];
  const directory = second ?? mkdtempSync(join(tmpdir(), "turnwise-stored-"));
  try {
    if (second === undefined) await writeRandomModel(directory, config);
    for (const each of Object.keys(tasks)) {
      for (const kind of storages)
        if (only === undefined || only === `${each} ${kind}`) await watch(each, kind, directory);
    }
  } finally {
    if (second === undefined) rmSync(directory, { recursive: true });
  }
}
