import type { StudyCell } from "../cell.ts";

const sha256 = "0".repeat(64);

/** Finished cell of the toy study, with two iterations and three evaluation tasks. */
export const toyCell: StudyCell = {
  outcome: "finished",
  version: 1,
  study: { name: "toy", sha256 },
  experiment: "numbers",
  arm: "aem",
  seed: 3,
  settings: { training: { learningRate: 0.001 } },
  settingsSha256: sha256,
  overlay: { training: { learningRate: 0.001 } },
  versions: { turnwise: "0.1.0", node: "v20.19.0" },
  platform: "linux x64",
  processor: "a CPU",
  training: { success: [0.25, null] },
  evaluations: [
    {
      phase: "after",
      iteration: 2,
      split: "all",
      mode: "sampled",
      metrics: { success: 0.5 },
      byKind: { number: { graded: 2, solved: 1 } },
      tasksSha256: sha256,
      numTasks: 3,
      // 0b101: the first and the third task.
      solved: "BQ==",
      ungraded: [2],
    },
  ],
  seconds: { wall: 2, cpu: 3, collect: 1, score: 0, update: 0.5 },
  tokens: { sampled: 10, read: 20, trained: 30 },
};
