import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Runs `turnwise` to its end, and throws if it fails. @returns Its standard output. */
export type RunTurnwise = (...args: readonly string[]) => Promise<string>;

/** A command whose result must not depend on kills. */
export interface Scenario {
  readonly name: string;
  /** Writes the inputs of the command to a folder. */
  readonly prepare: (folder: string, turnwise: RunTurnwise) => Promise<void>;
  /**
   * Arguments of the command.
   * @param folder - Folder with the inputs.
   * @param out - Path of the result, which does not exist yet.
   */
  readonly start: (folder: string, out: string) => readonly string[];
  /** Arguments that continue after a kill. */
  readonly resume: (folder: string, out: string) => readonly string[];
  /** True if a container engine must answer. */
  readonly needsEngine?: true;
}

const model = {
  hiddenSize: 32,
  intermediateSize: 64,
  numLayers: 1,
  numHeads: 2,
  numKeyValueHeads: 1,
};
const training = { iterations: 4, groupsPerIteration: 2, groupSize: 3 };

/** Settings of a household run that takes seconds. */
const household = {
  tasks: { numTraining: 32, evaluation: [{ split: "held_out", numTasks: 4 }] },
  episode: { maxTurns: 5 },
  model,
  warmStart: { numDemonstrations: 32, slipShare: 0, renames: false, epochs: 3, minibatchSize: 4 },
  training,
  evaluation: { every: 2 },
};

/** The same for a shop. */
const shop = {
  tasks: { numProducts: 60, numTraining: 32, evaluation: [{ split: "validation", numTasks: 4 }] },
  episode: { maxTurns: 5 },
  model,
  warmStart: { numDemonstrations: 32, epochs: 2 },
  training,
  evaluation: { every: 2 },
};

/** The same for two demo repositories in containers. */
const software = {
  tasks: {
    numTraining: 2,
    evaluation: [{ split: "train", numTasks: 1 }],
    hosts: [{ address: null, maxContainers: 2 }],
  },
  episode: { maxTurns: 2 },
  model,
  warmStart: { numDemonstrations: 2, epochs: 1 },
  training: { iterations: 1, groupsPerIteration: 1, groupSize: 2 },
  evaluation: { every: 0 },
};

/** A study of two arms and one seed. */
const study = {
  name: "kills",
  question: "Does a killed study end like an undisturbed one?",
  experiments: [
    {
      experiment: "alfworld-study",
      settings: { ...household, tasks: { numTraining: 32 }, evaluation: { every: 0 } },
    },
  ],
  grid: { algorithms: ["grpo"], modulators: ["none", "aem"] },
  seeds: [1],
  metric: { mode: "sampled", measure: "success" },
  checkpoint: "last",
  evaluation: { numTasks: 4 },
  families: [{ name: "grpo", pairs: [["grpo-aem", "grpo-none"]] }],
};

const writeJson = (folder: string, name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(value));

/** Trains an experiment with a settings file. */
function train(
  name: string,
  experiment: string,
  settings: object,
  options: readonly string[] = [],
): Scenario {
  return {
    name,
    prepare: (folder) => writeJson(folder, "settings.json", settings),
    start: (folder, out) =>
      [
        "train",
        experiment,
        "--config",
        join(folder, "settings.json"),
        "--out",
        out,
        "--json",
      ].concat(options),
    resume: (_, out) => ["train", "--resume", out, "--json"],
  };
}

/** Trains an adapter of a model that a short run made. */
function trainAdapter(): Scenario {
  const full = train("adapter", "alfworld", household);
  const settings = {
    ...household,
    tasks: { ...household.tasks, format: "compact" },
    model: { maxTokens: 1024, chat: false },
    warmStart: undefined,
  };
  return {
    ...full,
    prepare: async (folder, turnwise) => {
      await full.prepare(folder, turnwise);
      await turnwise(...full.start(folder, join(folder, "base")));
      await writeJson(folder, "settings.json", settings);
    },
    start: (folder, out) => {
      const base = join(folder, "base", "policy");
      return [...full.start(folder, out), "--model", base, "--adapter-rank", "2"];
    },
  };
}

/** Trains a module that has the settings of the household run. */
function trainModule(): Scenario {
  const module = (folder: string): string => join(folder, "experiment.mjs");
  return {
    name: "module",
    prepare: async (folder, turnwise) => {
      await writeJson(folder, "settings.json", household);
      const config = join(folder, "settings.json");
      const printed = await turnwise(
        "train",
        "alfworld",
        "--dry-run",
        "--json",
        "--config",
        config,
      );
      await writeFile(
        module(folder),
        `export default (seed) => ({ ...${printed.split("\n")[0]}, experiment: "module", seed });\n`,
      );
    },
    start: (folder, out) => ["train", module(folder), "--out", out, "--json"],
    resume: (_, out) => ["train", "--resume", out, "--json"],
  };
}

/** Converts products to a catalogue; the command starts again after a kill. */
function convertCatalogue(): Scenario {
  const products = Array.from({ length: 5000 }, (_, i) => ({
    asin: `B${String(i).padStart(9, "0")}`,
    name: `${["Red", "Blue", "Green"][i % 3]} scarf ${i} of ${["wool", "silk"][i % 2]}`,
    pricing: `$${5 + (i % 40)}.99`,
    small_description: `Soft scarf number ${i}`,
    query: "scarves",
    category: "fashion",
    product_category: "Fashion › Scarves",
    customization_options: { size: [{ value: "S" }, { value: "L" }] },
  }));
  const attributes = Object.fromEntries(
    products.map(({ asin }, i) => [
      asin,
      {
        attributes: ["soft", i % 2 === 0 ? "wool" : "silk"],
        instruction: "Find me a soft scarf",
        instruction_attributes: ["soft"],
      },
    ]),
  );
  const convert = (folder: string, out: string): readonly string[] => [
    "webshop",
    "convert",
    "--products",
    join(folder, "products.json"),
    "--attributes",
    join(folder, "attributes.json"),
    "--out",
    out,
  ];
  return {
    name: "catalogue",
    prepare: async (folder) => {
      await writeJson(folder, "products.json", products);
      await writeJson(folder, "attributes.json", attributes);
    },
    start: convert,
    resume: convert,
  };
}

/** Every kind of long work that writes files. */
export const scenarios: readonly Scenario[] = [
  train("alfworld", "alfworld", household),
  train("webshop", "webshop", shop),
  train("critic", "alfworld", household, ["--algorithm", "ppo"]),
  trainAdapter(),
  trainModule(),
  {
    name: "study",
    prepare: (folder) => writeJson(folder, "study.json", study),
    start: (folder, out) => ["study", "run", join(folder, "study.json"), "--out", out, "--json"],
    resume: (folder, out) => ["study", "run", join(folder, "study.json"), "--out", out, "--json"],
  },
  convertCatalogue(),
  { ...train("swebench", "swebench", software), needsEngine: true },
];
