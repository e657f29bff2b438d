/**
 * Memory and time that reading a checkpoint takes: a folder of the shape of Qwen2.5-0.5B (494 million
 * parameters, bfloat16, one file of 0.99 GB), made of random numbers and removed afterwards. Compares
 * `readCheckpoint`, which reads each tensor into its array chunk by chunk, with reading whole files
 * and widening what they hold, each in a process of its own, by turns.
 * Run: npx tsx --conditions=turnwise-source bench/policy-loading.bench.ts
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@turnwise/core";
import {
  parameterTable,
  readCheckpoint,
  writeCheckpoint,
  type ModelConfig,
} from "@turnwise/policy";

const config: ModelConfig = {
  modelType: "qwen2",
  vocabularySize: 151936,
  hiddenSize: 896,
  intermediateSize: 4864,
  numLayers: 24,
  numHeads: 14,
  numKeyValueHeads: 2,
  headSize: 64,
  attentionBiases: "query-key-value",
  mlpBiases: false,
  ropeTheta: 1e6,
  ropeScaling: { kind: "none" },
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
  maxSequenceTokens: 32768,
  initializerRange: 0.02,
};

interface Outcome {
  readonly peakMegabytes: number;
  readonly seconds: number;
  /** Of all parameters, so that none can be left out. */
  readonly sum: number;
}

/** Reads the file at once, then widens each tensor. */
function readWhole(directory: string): Map<string, Float32Array> {
  const bytes = readFileSync(join(directory, "model.safetensors"));
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  delete header["__metadata__"];
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [begin, end],
        },
      ]) => {
        const halves = new Uint16Array(
          bytes.buffer,
          bytes.byteOffset + start + begin,
          (end - begin) / 2,
        );
        const bits = new Uint32Array(halves.length);
        for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
        return [name, new Float32Array(bits.buffer)];
      },
    ),
  );
}

async function measure(kind: string, directory: string): Promise<Outcome> {
  const begin = performance.now();
  const parameters =
    kind === "streamed" ? (await readCheckpoint(directory)).parameters : readWhole(directory);
  const seconds = (performance.now() - begin) / 1000;
  let sum = 0;
  for (const values of parameters.values()) for (const value of values) sum += value;
  return { peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6, seconds, sum };
}

const [kind, folder] = process.argv.slice(2);
if (kind && folder) {
  console.log(JSON.stringify(await measure(kind, folder)));
} else {
  const directory = mkdtempSync(join(tmpdir(), "turnwise-loading-"));
  try {
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
    const numParameters = sizes.reduce((total, size) => total + size, 0);
    const fileBytes = statSync(join(directory, "model.safetensors")).size;
    console.log(
      `${numParameters} parameters: a file of ${(fileBytes / 1e6).toFixed(0)} MB, ${((4 * numParameters) / 1e6).toFixed(0)} MB as float32`,
    );
    const script = fileURLToPath(import.meta.url);
    for (let round = 0; round < 2; round++) {
      for (const each of ["streamed", "whole"]) {
        const command = [
          "--conditions=turnwise-source",
          "--import",
          "tsx",
          script,
          each,
          directory,
        ];
        const { peakMegabytes, seconds, sum } = JSON.parse(
          execFileSync(process.execPath, command, { encoding: "utf8" }),
        ) as Outcome;
        console.log(
          `${each.padEnd(8)} peak ${peakMegabytes.toFixed(0)} MB, ${((peakMegabytes * 1e6) / (4 * numParameters)).toFixed(2)} of the parameters; ${seconds.toFixed(1)} s; sum ${sum.toFixed(3)}`,
        );
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
