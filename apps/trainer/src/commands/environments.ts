import {
  defaultEvaluationSplit,
  gameKinds,
  includableGames,
  wordings,
} from "@turnwise/envs/alfworld";
import { sweScaffolds } from "@turnwise/envs/swebench";
import {
  householdGames,
  releasedHouseholdGames,
  deepSweRun,
  softwareDemo,
  didYouMean,
  InputError,
  resolveConfig,
  shopping,
  releasedShopping,
  type ExperimentSettings,
} from "@turnwise/training";
import { InvalidArgumentError, Option } from "commander";
import { positiveNumber, repeated, wholeNumbers } from "./arguments.ts";

/** An environment as `train` and `evaluate` offer it. */
export interface OfferedEnvironment {
  readonly name: ExperimentSettings["tasks"]["environment"];
  /** Description of its tasks, for help texts. */
  readonly description: string;
  /** Options that choose its tasks. */
  readonly options: () => Option[];
  /** Settings of its experiment with these options applied. */
  readonly settings: (
    seed: number,
    options: Readonly<Record<string, unknown>>,
  ) => ExperimentSettings;
  /** Default split of an evaluation. */
  readonly defaultSplit: (config: ExperimentSettings) => string;
  /** Options of a suggested evaluation on tasks other than the run's. */
  readonly elsewhere: (config: ExperimentSettings) => readonly string[];
}

/** Settings for those options that were given. */
function given(options: Readonly<Record<string, unknown>>, ...names: string[]): object {
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

const alfworld: OfferedEnvironment = {
  name: "alfworld",
  description: "household games, generated or released",
  options: () => [
    new Option("--games <path>", "a folder of game files or an archive (default: generated games)"),
    new Option(
      "--kinds <names>",
      `types of task: ${gameKinds.join(", ")}, other; also their numbers 1 to 6, or unique prefixes`,
    ).argParser(kindsOf),
    new Option(
      "--index <numbers>",
      "positions in the split by path, from 0, such as 0,5,10-19",
    ).argParser(wholeNumbers),
    new Option(
      "--path <id>",
      "a game, or a folder of games, within --games; may be repeated",
    ).argParser(repeated),
    new Option(
      "--include <names>",
      `games that are skipped by default because of their path: ${includableGames.join(", ")}`,
    ).argParser(includedOf),
    new Option(
      "--wording <name>",
      "put: the commands of ALFWorld before 0.4.0, put X in/on Y (default: move X to Y)",
    ).choices(wordings),
    new Option(
      "--human-goals <file>",
      "goal sentences written by people, as JSON: {PATH: {human_goals: [...]}}",
    ),
    new Option("--strict", "a broken game file is an error"),
    new Option("--size <size>", "of generated games").choices(["small", "medium", "large"]),
    new Option("--format <name>", "how the agent reads and writes").choices([
      "compact",
      "verl-agent",
    ]),
  ],
  settings: (seed, options) => {
    const { games } = options;
    const config =
      typeof games === "string" ? releasedHouseholdGames(seed, games) : householdGames(seed);
    const { index: indices, path: paths } = options;
    const tasks = {
      ...given(options, "size", "format", "kinds", "include", "strict", "wording", "humanGoals"),
      ...given({ indices, paths }, "indices", "paths"),
    };
    return resolveConfig(config, { tasks }, "options");
  },
  defaultSplit: ({ tasks }) => (gamesPath(tasks) === null ? "held_out" : defaultEvaluationSplit),
  elsewhere: ({ tasks }) => {
    const path = gamesPath(tasks);
    const isOlder = tasks.environment === "alfworld" && tasks.wording === "put";
    return [
      ...(path === null ? ["--size", "medium"] : ["--games", path]),
      ...(isOlder ? ["--wording", "put"] : []),
    ];
  },
};

/** Parses a list of household task kinds: names, numbers in ALFWorld, or unique prefixes. */
function kindsOf(text: string): readonly string[] {
  const known: readonly string[] = [...gameKinds, "other"];
  return text.split(",").map((entry) => {
    const name = entry.trim();
    const numbered = /^[1-6]$/u.test(name) ? gameKinds[Number(name) - 1] : undefined;
    const matches = known.filter((kind) => name !== "" && kind.startsWith(name));
    const kind = numbered ?? known.find((one) => one === name) ?? matches[0];
    if (kind !== undefined && (matches.length < 2 || kind === name)) return kind;
    throw unknownEntry(matches.length > 1 ? matches : known, name);
  });
}

function includedOf(text: string): readonly string[] {
  const known: readonly string[] = includableGames;
  return text.split(",").map((entry) => {
    const name = entry.trim();
    if (known.includes(name)) return name;
    throw unknownEntry(known, name);
  });
}

function unknownEntry(allowed: readonly string[], name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Each must be one of ${allowed.join(", ")}, got ${name || "none"}.`,
  );
}

function gamesPath(tasks: ExperimentSettings["tasks"]): string | null {
  return tasks.environment === "alfworld" ? tasks.path : null;
}

const swebench: OfferedEnvironment = {
  name: "swebench",
  description:
    "software-engineering tasks in containers: the demonstration's, or a file of instances",
  options: () => [
    new Option(
      "--instances <file>",
      "JSON lines, JSON or parquet (default: the demonstration's tasks)",
    ),
    new Option("--format <name>", "how the agent reads and writes").choices(
      Object.keys(sweScaffolds),
    ),
  ],
  settings: (seed, options) => {
    const { instances } = options;
    const config = typeof instances === "string" ? deepSweRun(seed, instances) : softwareDemo(seed);
    return resolveConfig(config, { tasks: given(options, "format") }, "options");
  },
  defaultSplit: ({ tasks }) => (isDemonstration(tasks) ? "train" : "held_out"),
  elsewhere: () => [],
};

function isDemonstration(tasks: ExperimentSettings["tasks"]): boolean {
  return tasks.environment === "swebench" && tasks.path === null;
}

const shopFiles = ["catalogue", "products", "attributes", "humanInstructions"] as const;

const webshop: OfferedEnvironment = {
  name: "webshop",
  description: "goals of a shop, generated or released",
  options: () => [
    new Option("--catalogue <folder>", "a folder that webshop convert wrote").conflicts([
      "products",
      "numProducts",
    ]),
    new Option("--products <file>", "items_shuffle*.json (default: generated products)"),
    new Option("--attributes <file>", "items_ins_v2*.json, with --products"),
    new Option("--human-instructions <file>", "items_human_ins.json, with --products"),
    new Option("--num-products <number>", "how many products are generated")
      .argParser(positiveNumber)
      .conflicts("products"),
    new Option("--goals <kind>", "whose instructions").choices(["synthetic", "human"]),
    new Option("--compat <mode>", "reference keeps the reference's known faults").choices([
      "none",
      "reference",
    ]),
    new Option("--splits <scheme>", "how goals are divided").choices([
      "products",
      "webshop",
      "verl-agent",
      "agentbench",
    ]),
    new Option("--format <name>", "how the agent reads and writes").choices([
      "compact",
      "verl-agent",
      "react",
    ]),
    new Option("--reward <kind>", "what a purchase is paid").choices(["score", "success"]),
  ],
  settings: (seed, options) => {
    const isReleased = shopFiles.some((name) => options[name] !== undefined);
    const config = isReleased ? releasedShopping(seed) : shopping(seed);
    const names = [...shopFiles, "numProducts", "goals", "compat", "splits", "format", "reward"];
    return resolveConfig(config, { tasks: given(options, ...names) }, "options");
  },
  defaultSplit: ({ tasks }) =>
    tasks.environment === "webshop" && tasks.splits === "verl-agent" ? "validation" : "test",
  elsewhere: ({ tasks }) => {
    if (tasks.environment !== "webshop") return [];
    const { catalogue, products, attributes, humanInstructions } = tasks;
    const files = { catalogue, products, attributes, "human-instructions": humanInstructions };
    return [
      ...Object.entries(files).flatMap(([name, path]) =>
        path === null ? [] : [`--${name}`, path],
      ),
      "--goals",
      "human",
    ];
  },
};

/** All environments that can be trained in. */
export const offeredEnvironments: readonly OfferedEnvironment[] = [alfworld, swebench, webshop];

/** Environment of a configuration; `undefined` if `evaluate` does not offer it. */
export function environmentOf({ tasks }: ExperimentSettings): OfferedEnvironment | undefined {
  return offeredEnvironments.find(({ name }) => name === tasks.environment);
}

/** Error for a missing or misspelled environment. */
export function unknownEnvironment(command: string, name: string | undefined): InputError {
  if (name?.startsWith("-") === true) return new InputError(`${command}: unknown option ${name}`);
  const names = offeredEnvironments.map((environment) => environment.name);
  return new InputError(
    `${command}: environment must be one of ${names.join(", ")}, got ${name ?? "none"}${didYouMean(name ?? "", names)}`,
  );
}
