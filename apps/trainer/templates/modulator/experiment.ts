import { drGrpo } from "@turnwise/estimators";
import type { Experiment } from "@turnwise/training";
import { modulator } from "./src/my-modulator.ts";
import { tasks } from "./src/number-game.ts";
import { smallRun } from "./src/small-run.ts";

/** Trains with your modulator: `npx turnwise train ./experiment.ts`. */
export default function experiment(seed: number): Experiment {
  return {
    ...smallRun(seed),
    tasks,
    algorithm: { ...drGrpo, aggregation: { kind: "token-mean" } },
    modulation: modulator,
  };
}
