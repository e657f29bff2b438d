import { builtInExperiments } from "../experiments/registry.ts";
import type { BuiltInEnvironment } from "../environments/environment.ts";

/** Result of the paper on a benchmark. */
export interface PaperResult {
  /** Name of the experiment that has the settings of this result. */
  readonly experiment: string;
  readonly model: string;
  readonly algorithm: string;
  readonly modulation: string;
  /** Success rate and score in [0, 1], if known. */
  readonly success?: number;
  readonly score?: number;
}

/**
 * Lists the paper's results on the benchmark of an environment; empty if the paper does not use it.
 */
export function listPaperResults({ paper }: Pick<BuiltInEnvironment, "paper">): PaperResult[] {
  return builtInExperiments.flatMap(({ name, paper: run }) => {
    if (run === undefined || run.setting !== paper?.setting || run.reported.length === 0) return [];
    const measures = run.reported.map(({ measure, value }) => [measure, value / 100]);
    const { model, algorithm, modulation } = run;
    return [
      { experiment: name, model, algorithm, modulation, ...Object.fromEntries(measures) },
    ] as PaperResult[];
  });
}
