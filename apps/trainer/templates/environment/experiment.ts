import { drGrpo } from "@turnwise/estimators";
import type { Experiment } from "@turnwise/training";
import { smallRun } from "./src/small-run.ts";
import { tasks } from "./src/number-game.ts";

/** Trains in your environment with GRPO and AEM: `npx turnwise train ./experiment.ts`. */
export default function experiment(seed: number): Experiment {
  return {
    ...smallRun(seed),
    tasks,
    algorithm: { ...drGrpo, aggregation: { kind: "token-mean" } },
    modulation: { kind: "aem", strength: 1 },
  };
}
