import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordedTrajectory } from "@turnwise/training";
import { runTurnwise } from "./turnwise.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-e2e-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Settings of a run that takes seconds: few games, a tiny model, three iterations. */
const tiny = {
  tasks: { numTraining: 64, evaluation: [{ split: "held_out", numTasks: 6 }] },
  episode: { maxTurns: 6 },
  model: { hiddenSize: 32, intermediateSize: 64, numLayers: 2, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: {
    numDemonstrations: 64,
    slipShare: 0,
    renames: false,
    epochs: 8,
    minibatchSize: 4,
    learningRate: 0.01,
  },
  training: { iterations: 3, groupsPerIteration: 3, groupSize: 3 },
  modulation: { minEntropyRange: 0 },
  evaluation: { every: 2 },
};

async function trainTiny(name: string, onOutput?: (stdout: string) => NodeJS.Signals | void) {
  const config = join(folder, `${name}.json`);
  const out = join(folder, name);
  await writeFile(config, JSON.stringify(tiny));
  const args = ["train", "alfworld", "--config", config, "--out", out, "--json"];
  return { out, ended: await runTurnwise(args, onOutput && { onOutput }) };
}

const read = (...path: string[]) => readFile(join(...path), "utf8");

/** Reads the weights in a policy's file, without the header that names the checkpoint. */
async function readWeights(run: string): Promise<Buffer> {
  const bytes = await readFile(join(run, "policy", "model.safetensors"));
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
}

describe("train", () => {
  it("ends with a policy, all records, and the same metrics after kills", async () => {
    const whole = await trainTiny("whole");
    expect(whole.ended.stderr).toBe("");
    expect(whole.ended.code).toBe(0);
    const metrics = await read(whole.out, "metrics.jsonl");
    const lines = metrics
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ stage }) => stage)).toEqual([
      ...Array.from({ length: 8 }, () => "warm-start"),
      "evaluation",
      "evaluation",
      "iteration",
      "iteration",
      "evaluation",
      "iteration",
      "evaluation",
      "evaluation",
    ]);
    const iterations = lines.filter(({ stage }) => stage === "iteration");
    expect(iterations.map(({ episodes }) => episodes)).toEqual([9, 9, 9]);
    expect(iterations.some(({ keptGroups }) => Number(keptGroups) > 0)).toBe(true);
    // The sampler and the learner are two programs over the same weights.
    const differences = iterations.map((line) => Number(line["samplerDifferenceMax"] ?? 0));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
    expect(Math.max(...differences)).toBeGreaterThan(0);
    expect((await readdir(join(whole.out, "policy"))).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "optimizer.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const packed = await readFile(join(whole.out, "trajectories", "iteration-0002.jsonl.gz"));
    const trajectories = String(gunzipSync(packed)).trim().split("\n");
    expect(trajectories).toHaveLength(9);

    // Kill it in the warm start, then twice in the iterations.
    const marks = [/"stage":"warm-start"/gu, /"stage":"iteration"/gu, /"stage":"iteration"/gu];
    const kill = (mark: RegExp) => (stdout: string) =>
      mark.test(stdout) ? ("SIGKILL" as const) : undefined;
    const cut = await trainTiny("cut", kill(marks[0]!));
    expect(cut.ended.signal).toBe("SIGKILL");
    for (const mark of marks.slice(1)) {
      const resumed = await runTurnwise(["train", "--resume", cut.out, "--json"], {
        onOutput: kill(mark),
      });
      expect(resumed.signal).toBe("SIGKILL");
    }
    // The newest checkpoint is damaged; the previous checkpoint is intact and gives the same
    // numbers.
    const newest = (await readdir(join(cut.out, "checkpoints"))).sort().at(-1)!;
    const weights = join(cut.out, "checkpoints", newest, "model.safetensors");
    const bytes = await readFile(weights);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(weights, bytes);
    const last = await runTurnwise(["train", "--resume", cut.out]);
    expect(last.stderr).toBe("");
    expect(last.stdout).toContain(`${weights}: must have the SHA-256 with which it was written`);
    expect(last.stdout).toContain("and the run continues from the previous checkpoint");
    expect(last.code).toBe(0);
    expect(last.stdout).toContain("success on tasks not trained on");
    expect(last.stdout).toContain(join(cut.out, "policy"));
    expect(await read(cut.out, "metrics.jsonl")).toBe(metrics);
    expect(await readWeights(cut.out)).toEqual(await readWeights(whole.out));
    // Records of all episodes and their indices, byte for byte.
    const records = (await readdir(join(whole.out, "trajectories"))).sort();
    expect(records).toHaveLength(2 * (3 + 2 + 1 + 2));
    expect((await readdir(join(cut.out, "trajectories"))).sort()).toEqual(records);
    for (const name of records) {
      const [one, other] = await Promise.all(
        [whole.out, cut.out].map((run) => readFile(join(run, "trajectories", name))),
      );
      expect([name, other!.equals(one!)]).toEqual([name, true]);
    }
    const credits = trajectories.flatMap((line) =>
      (JSON.parse(line) as RecordedTrajectory).turns.flatMap(({ credit }) => credit ?? []),
    );
    expect(credits.length).toBeGreaterThan(0);

    const lock = join(whole.out, "run.lock");
    const holder = { id: "other", host: hostname(), pid: process.pid, at: new Date() };
    await writeFile(lock, JSON.stringify(holder));
    const second = await runTurnwise(["train", "--resume", whole.out]);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(
      `run ${whole.out} must be run by one process at a time, got process ${process.pid} on ${hostname()}`,
    );

    const evaluated = await runTurnwise([
      "evaluate",
      "alfworld",
      "--policy",
      join(whole.out, "policy"),
      "--num-tasks",
      "4",
      "--max-turns",
      "3",
      "--json",
      "--out",
      join(whole.out, "evaluated"),
    ]);
    expect(evaluated.stderr).toBe("");
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ stage: "evaluation", episodes: 4 });
  });
});

describe("bad input", () => {
  const attempt = async (...args: string[]) => {
    const { code, stdout, stderr } = await runTurnwise(args);
    return { code, stdout, line: stderr.trim() };
  };

  it("gets an error of one line and exit code 2, and creates no folder", async () => {
    const out = join(folder, "never");
    const config = join(folder, "unknown-key.json");
    await writeFile(config, JSON.stringify({ training: { learnngRate: 1 } }));
    const cases: [string[], RegExp][] = [
      [
        ["train", "alfworld", "--config", config, "--out", out],
        /unknown-key\.json: training\.learnngRate must be a known key/u,
      ],
      [
        ["train", "alfworld", "--games", join(folder, "no-such-folder"), "--out", out],
        /no-such-folder/u,
      ],
      [["train", "webworld", "--out", out], /experiment must be a name .*, got webworld/u],
      [["train", "--resume", out], /no such run folder/u],
      [
        ["train", "alfworld", "--set", "seed", "--out", out],
        /setting must have the form field=value, got seed/u,
      ],
    ];
    for (const [args, pattern] of cases) {
      const { code, line } = await attempt(...args);
      expect(line).toMatch(pattern);
      expect(line.split("\n")).toHaveLength(1);
      expect(code).toBe(2);
    }
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });

  it("is refused if it would overwrite a run", async () => {
    const out = join(folder, "precious");
    await mkdirWith(out, "notes.txt");
    const { code, line } = await attempt("train", "alfworld", "--out", out);
    expect(line).toMatch(/run folder must be new or empty/u);
    expect(code).toBe(2);
    expect(await readdir(out)).toEqual(["notes.txt"]);
  });
});

async function mkdirWith(path: string, file: string): Promise<void> {
  await mkdir(path);
  await writeFile(join(path, file), "keep me");
}
