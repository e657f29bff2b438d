import { drGrpo } from "@turnwise/estimators";
import type { Experiment } from "@turnwise/training";
import { estimator } from "./src/my-estimator.ts";
import { tasks } from "./src/number-game.ts";
import { smallRun } from "./src/small-run.ts";

/** Trains with your advantage estimator: `npx turnwise train ./experiment.ts`. */
export default function experiment(seed: number): Experiment {
  return {
    ...smallRun(seed),
    tasks,
    algorithm: { ...drGrpo, advantages: estimator, aggregation: { kind: "token-mean" } },
    modulation: { kind: "none" },
  };
}
