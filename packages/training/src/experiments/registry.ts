import { algorithmPresets, paperRuns, type PaperRun } from "@turnwise/estimators";
import { modulators } from "@turnwise/aem";
import type { Experiment } from "../experiment/experiment.ts";
import type { ExperimentInput } from "../experiment/experiment-schema.ts";
import { householdGames, releasedHouseholdGames } from "./household-games.ts";
import { languageModelRun } from "./language-model.ts";
import { releasedShopping, shopping } from "./shopping.ts";
import { deepSweRun, softwareDemo } from "./software.ts";

/** Resource that an experiment needs beyond Node. */
export type ExperimentNeed = "this machine" | "a GPU" | "a container engine" | "data" | "a model";

/** A built-in experiment. */
export interface ExperimentEntry {
  /** Name on the command line. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly needs: readonly ExperimentNeed[];
  /** Results and hyper-parameters of the paper, with how certain each is; only for its rows. */
  readonly paper?: PaperRun;
  readonly create: (seed: number) => Experiment;
}

const ownExperiments: readonly ExperimentEntry[] = [
  {
    name: "alfworld",
    description: "small agent learns generated household games, GRPO with AEM",
    needs: ["this machine"],
    create: householdGames,
  },
  {
    name: "alfworld-released",
    description: "the same on ALFWorld's released games (tasks.path)",
    needs: ["this machine", "data"],
    create: (seed) => releasedHouseholdGames(seed, "alfworld-data"),
  },
  {
    name: "webshop",
    description: "small agent learns to shop in a generated catalogue, GRPO with AEM",
    needs: ["this machine"],
    create: shopping,
  },
  {
    name: "webshop-released",
    description: "the same on WebShop's released products (tasks.catalogue or tasks.products)",
    needs: ["this machine", "data"],
    create: releasedShopping,
  },
  {
    name: "swebench",
    description: "small agent learns to fix the demonstration's repositories, GRPO++ with AEM",
    needs: ["this machine", "a container engine"],
    create: softwareDemo,
  },
  {
    name: "swebench-deep-swe",
    description: "language model on R2E-Gym as DeepSWE published it, with AEM",
    needs: ["a GPU", "a container engine", "data", "a model"],
    create: (seed) => withModel(deepSweRun(seed, "r2e-gym.parquet"), "Qwen3-32B"),
  },
];

/** A language model in an experiment's place; `--set model.path=FOLDER` says where it is. */
function withModel(experiment: ExperimentInput, folder: string): ExperimentInput {
  return languageModelRun(experiment, folder, undefined);
}

/** The paper's rows, such as `paper-alfworld-qwen2.5-1.5b-grpo-aem`. */
const paperExperiments: readonly ExperimentEntry[] = paperRuns.flatMap((run) => {
  const { setting, model, algorithm: preset, modulation: modulator, isInPaper } = run;
  if (!isInPaper) return [];
  const environment = setting.benchmark === "swe-bench-verified" ? "swebench" : setting.benchmark;
  const size = model.replace("-Instruct", "").toLowerCase();
  const base = {
    alfworld: (seed: number): ExperimentInput => releasedHouseholdGames(seed, "alfworld-data"),
    webshop: (seed: number): ExperimentInput => releasedShopping(seed),
    swebench: (seed: number): ExperimentInput => deepSweRun(seed, "r2e-gym.parquet"),
  }[environment];
  const name = `paper-${environment}-${size}-${preset}${modulator === "none" ? "" : `-${modulator}`}`;
  return [
    {
      name,
      description: `the paper's row: ${model} on ${setting.benchmark}, ${preset}${modulator === "none" ? "" : " + AEM"}`,
      needs: [
        "a GPU",
        ...(environment === "swebench" ? (["a container engine"] as const) : []),
        "data",
        "a model",
      ],
      paper: run,
      create: (seed) => ({
        ...withModel(base(seed), model),
        experiment: name,
        algorithm: algorithmPresets[preset]!,
        modulation: modulators[modulator]!,
      }),
    } satisfies ExperimentEntry,
  ];
});

/** All built-in experiments. */
export const builtInExperiments: readonly ExperimentEntry[] = [
  ...ownExperiments,
  ...paperExperiments,
];
