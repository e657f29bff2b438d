import { drGrpo } from "@turnwise/estimators";
import type { Experiment } from "@turnwise/training";
import { objective } from "./src/my-objective.ts";
import { tasks } from "./src/number-game.ts";
import { smallRun } from "./src/small-run.ts";

/** Trains with your loss: `npx turnwise train ./experiment.ts`. */
export default function experiment(seed: number): Experiment {
  return {
    ...smallRun(seed),
    tasks,
    algorithm: { ...drGrpo, surrogate: objective, aggregation: { kind: "token-mean" } },
    modulation: { kind: "none" },
  };
}
