import { Option } from "commander";
import { alfworldGrpoAem, alfworldGrpoAemReleased } from "../../recipes/alfworld-grpo-aem.ts";
import { deepswe, deepsweDemo } from "../../recipes/deepswe.ts";
import { resolveConfig, type TrainConfig } from "../config.ts";

/** An environment as `train` and `evaluate` offer it. */
export interface OfferedEnvironment {
  readonly name: TrainConfig["tasks"]["environment"];
  /** What its agents learn. */
  readonly description: string;
  /** What chooses its tasks. */
  readonly options: () => Option[];
  /** The settings of its recipe under these options. */
  readonly recipe: (seed: number, options: Readonly<Record<string, unknown>>) => TrainConfig;
  /** The split of an evaluation that names none. */
  readonly defaultSplit: (config: TrainConfig) => string;
  /** Options of an evaluation on other tasks than the run's, to be tried next. */
  readonly elsewhere: (config: TrainConfig) => readonly string[];
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
    new Option("--size <size>", "of generated games").choices(["small", "medium", "large"]),
    new Option("--format <name>", "how the agent reads and writes").choices([
      "compact",
      "verl-agent",
    ]),
  ],
  recipe: (seed, options) => {
    const { games } = options;
    const config =
      typeof games === "string" ? alfworldGrpoAemReleased(seed, games) : alfworldGrpoAem(seed);
    return resolveConfig(config, { tasks: given(options, "size", "format") }, "options");
  },
  defaultSplit: ({ tasks }) => (tasks.path === null ? "held_out" : "valid_seen"),
  elsewhere: ({ tasks }) =>
    tasks.path === null ? ["--size", "medium"] : ["--games", tasks.path, "--split", "valid_train"],
};

const swebench: OfferedEnvironment = {
  name: "swebench",
  description:
    "software-engineering tasks in containers: the demonstration's, or a file of instances",
  options: () => [
    new Option(
      "--instances <file>",
      "JSON lines, JSON or parquet (default: the demonstration's tasks)",
    ),
    new Option("--format <name>", "how the agent reads and writes").choices([
      "compact",
      "r2e",
      "tool-call",
      "bash",
    ]),
  ],
  recipe: (seed, options) => {
    const { instances } = options;
    const config = typeof instances === "string" ? deepswe(seed, instances) : deepsweDemo(seed);
    return resolveConfig(config, { tasks: given(options, "format") }, "options");
  },
  defaultSplit: ({ tasks }) => (isDemonstration(tasks) ? "train" : "held_out"),
  elsewhere: () => [],
};

function isDemonstration(tasks: TrainConfig["tasks"]): boolean {
  return tasks.environment === "swebench" && tasks.path === null;
}

/** All environments that can be trained in. */
export const offeredEnvironments: readonly OfferedEnvironment[] = [alfworld, swebench];

/** The one of a configuration. */
export function environmentOf({ tasks }: TrainConfig): OfferedEnvironment {
  return offeredEnvironments.find(({ name }) => name === tasks.environment)!;
}
