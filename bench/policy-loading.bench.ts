/**
 * Memory and time to load a checkpoint with the shapes of Qwen2.5-0.5B (494 million parameters, bfloat16,
 * one file of 0.99 GB), written with random weights and removed afterwards. Compares `readCheckpoint`,
 * which reads each tensor in chunks, with reading whole files and upcasting them. Each runs in its own
 * process, in turns.
 * Run: npx tsx --conditions=turnwise-source bench/policy-loading.bench.ts
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCheckpoint } from "@turnwise/policy";
import { shapes, writeRandomModel } from "./random-model.ts";

interface Outcome {
  readonly peakMegabytes: number;
  readonly seconds: number;
  /** Sum of all parameters, which forces all of them to be read. */
  readonly sum: number;
}

/** Reads the complete file, then upcasts each tensor. */
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
    const numParameters = await writeRandomModel(directory, shapes["0.5B"]);
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
          `${each.padEnd(8)} peak ${peakMegabytes.toFixed(0)} MB, ${((peakMegabytes * 1e6) / (4 * numParameters)).toFixed(2)} times the parameters; ${seconds.toFixed(1)} s; sum ${sum.toFixed(3)}`,
        );
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
