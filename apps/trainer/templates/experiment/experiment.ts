import { grpoPresets } from "@turnwise/estimators";
import type { Experiment } from "@turnwise/training";
import { tasks } from "./src/number-game.ts";
import { smallRun } from "./src/small-run.ts";

/** Defines a run: `npx turnwise train ./experiment.ts`. */
export default function experiment(seed: number): Experiment {
  return {
    ...smallRun(seed),
    tasks,
    algorithm: {
      advantages: { kind: "group", ...grpoPresets.drGrpo },
      surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28 },
      kl: { kind: "none" },
      entropyBonus: { kind: "none" },
      valueLoss: { kind: "none" },
      aggregation: { kind: "token-mean" },
      groupFilter: { kind: "drop-flat", maxRounds: 2 },
      truncation: { truncated: "train", failed: "leave-out", overlong: { kind: "none" } },
      rolloutCorrection: { kind: "none" },
    },
    modulation: { kind: "aem", strength: 1, minEntropyRange: 0.1 },
  };
}
