import { createRandom } from "@turnwise/core";
import type { StudyCell } from "../study/cell.ts";
import { packBits } from "../study/pack-bits.ts";

/** Choices that a test makes for a cell. */
export interface CellChoice {
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  /** Success rate after training. */
  readonly rate: number;
  /** Number of tasks, half of each of two types. Default 100. */
  readonly numTasks?: number;
  readonly numIterations?: number;
  /** Digest of the tasks. Default: the same in every cell. */
  readonly tasksSha256?: string;
  readonly processor?: string;
}

/** Creates a finished cell with random outcomes, seeded by its names and seed. */
export function createStudyCell(choice: CellChoice): StudyCell {
  const { experiment, arm, seed, rate, numTasks = 100, numIterations = 20 } = choice;
  const random = createRandom(`${experiment}/${arm}/${seed}`);
  const solved = Array.from({ length: numTasks }, () => random.next() < rate);
  const kinds = ["look", "pick"];
  const count = (test: (isSolved: boolean, i: number) => boolean): number =>
    solved.filter(test).length;
  return {
    outcome: "finished",
    version: 1,
    study: { name: "toy", sha256: "a".repeat(64) },
    experiment,
    arm,
    seed,
    settings: {},
    settingsSha256: "b".repeat(64),
    overlay: {},
    versions: { turnwise: "0.1.0", node: "v20.19.0" },
    platform: "linux x64",
    processor: choice.processor ?? "a CPU",
    training: {
      success: Array.from({ length: numIterations }, (_, i) => {
        const learned = 1 - Math.exp((-4 * (i + 1)) / numIterations);
        return Number((0.2 + (rate - 0.2) * learned + 0.05 * (random.next() - 0.5)).toPrecision(5));
      }),
      meanTokenEntropy: Array.from({ length: numIterations }, (_, i) =>
        Number((0.6 - (0.3 * i) / numIterations + 0.05 * random.next()).toPrecision(5)),
      ),
    },
    evaluations: [
      {
        phase: "after",
        iteration: numIterations,
        split: "held_out",
        mode: "sampled",
        metrics: { success: count((one) => one) / numTasks },
        byKind: Object.fromEntries(
          kinds.map((kind, k) => [
            kind,
            {
              graded: count((_, i) => i % 2 === k),
              solved: count((one, i) => one && i % 2 === k),
            },
          ]),
        ),
        tasksSha256: choice.tasksSha256 ?? "c".repeat(64),
        numTasks,
        solved: packBits(solved),
        ungraded: [],
      },
    ],
    seconds: { wall: 60 + seed, cpu: 60, collect: 40, score: 5, update: 15 },
    tokens: { sampled: 1000, read: 10_000, trained: 1000 },
  };
}
