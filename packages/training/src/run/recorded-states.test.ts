import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushingBoxes } from "../experiments/small-games.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { listSegments, readEpisodes, readMetrics, readTrajectory } from "../reader/index.ts";
import { resolveConfig } from "../settings/config.ts";
import { createJsonReporter } from "../report/progress.ts";
import { RunFolder } from "./run-folder.ts";
import { train } from "./train.ts";

const silent = createJsonReporter({ write: () => true });

/** Settings: one iteration in tiny rooms. */
const changes = {
  tasks: { numTraining: 4, evaluation: [{ split: "held_out", numTasks: 2 }], maxMoves: 3 },
  episode: { maxTurns: 3 },
  model: { hiddenSize: 16, intermediateSize: 32, numLayers: 1, numHeads: 2, numKeyValueHeads: 1 },
  warmStart: { numDemonstrations: 2, epochs: 1 },
  training: { iterations: 1, groupsPerIteration: 2, groupSize: 2 },
  algorithm: { groupFilter: { kind: "keep-all" } },
  evaluation: { every: 0, modes: ["greedy"] },
};

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "turnwise-states-"));
  for (const recordedStates of ["none", "evaluations", "all"]) {
    const own = { ...changes, episode: { ...changes.episode, recordedStates } };
    const config = resolveConfig(pushingBoxes(1), own, "test");
    const folder = await RunFolder.create(join(parent, recordedStates), config, { seed: 1 });
    await train(folder, await openTasks(config), silent);
  }
});
afterAll(() => rm(parent, { recursive: true }));

/**
 * Lists the kinds of states in the first episode of each segment: before each turn, and at the end.
 */
async function kindsOf(run: string): Promise<Record<string, unknown[]>> {
  const source = createFolderSource(join(parent, run));
  const kinds: Record<string, unknown[]> = {};
  for (const { name } of listSegments(await readMetrics(source))) {
    const episodes = await readEpisodes(source, name);
    const { turns, finalState } = await readTrajectory(source, episodes, 0);
    expect(turns.length).toBeGreaterThan(0);
    kinds[name] = [...new Set([...turns.map(({ state }) => state?.kind), finalState?.kind])];
  }
  return kinds;
}

describe("episode.recordedStates", () => {
  it("records the states of no episodes, of evaluations, or of all", async () => {
    const [none, grid] = [[undefined], ["grid"]];
    const segments = (before: unknown, training: unknown) => ({
      "evaluation-before-held_out-greedy": before,
      "iteration-0001": training,
      "evaluation-after-held_out-greedy": before,
    });
    expect(await kindsOf("none")).toEqual(segments(none, none));
    expect(await kindsOf("evaluations")).toEqual(segments(grid, none));
    expect(await kindsOf("all")).toEqual(segments(grid, grid));
  });

  it("changes neither metrics nor weights", async () => {
    const resultsOf = async (run: string): Promise<string> => {
      const hash = createHash("sha256");
      hash.update(await readFile(join(parent, run, "metrics.jsonl")));
      const weights = await readFile(join(parent, run, "policy", "model.safetensors"));
      // Skip the header, which contains the time at which the file was saved.
      const start = 8 + Number(weights.readBigUInt64LE(0));
      expect(start).toBeLessThan(weights.length);
      return hash.update(weights.subarray(start)).digest("hex");
    };
    const plain = await resultsOf("none");
    expect(await resultsOf("evaluations")).toBe(plain);
    expect(await resultsOf("all")).toBe(plain);
  });
});
