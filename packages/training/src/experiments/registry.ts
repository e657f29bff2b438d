import { algorithmPresets, paperRuns, type PaperRun } from "@turnwise/estimators";
import { modulators } from "@turnwise/aem";
import { environments } from "../environments/environments.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { ExperimentInput } from "../experiment/experiment-schema.ts";
import type { ExperimentNeed } from "./experiment-need.ts";
import { toPaperSetting } from "./language-model.ts";

/** A built-in experiment. */
export interface ExperimentEntry {
  /** Name on the command line. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly needs: readonly ExperimentNeed[];
  /**
   * Results and hyperparameters of the paper with their sources; only for experiments of the paper.
   */
  readonly paper?: PaperRun;
  readonly create: (seed: number) => Experiment;
}

/** Experiments of the paper, such as `paper-alfworld-qwen2.5-1.5b-grpo-aem`. */
const paperExperiments: readonly ExperimentEntry[] = paperRuns.flatMap((run) => {
  const { setting, model, algorithm: preset, modulation: modulator, isInPaper } = run;
  const environment = environments.find(({ paper }) => paper?.setting === setting);
  if (!isInPaper || environment?.paper === undefined) return [];
  const { paper } = environment;
  const size = model.replace("-Instruct", "").toLowerCase();
  const name = `paper-${environment.name}-${size}-${preset}${modulator === "none" ? "" : `-${modulator}`}`;
  return [
    {
      name,
      description: `the paper's row: ${model} on ${setting.benchmark}, ${preset}${modulator === "none" ? "" : " + AEM"}`,
      needs: paper.needs,
      paper: run,
      create: (seed) => ({
        ...(toPaperSetting(paper, paper.create(seed), model) as ExperimentInput),
        experiment: name,
        algorithm: algorithmPresets[preset]!,
        modulation: modulators[modulator]!,
      }),
    } satisfies ExperimentEntry,
  ];
});

/** All built-in experiments. */
export const builtInExperiments: readonly ExperimentEntry[] = [
  ...environments.flatMap(({ experiments }) => experiments as readonly ExperimentEntry[]),
  ...paperExperiments,
];
