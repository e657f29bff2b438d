import {
  alfworldTasksSchema,
  defaultEvaluationSplit,
  gameKinds,
  includableGames,
  openAlfworldTasks,
  type AlfworldTasks,
} from "@turnwise/envs/alfworld";
import { alfworldSetting } from "@turnwise/estimators";
import { householdGames, releasedHouseholdGames } from "../experiments/household-games.ts";
import { turnWiseHouseholdStudy, householdStudy } from "../experiments/study-sizes.ts";
import type { EnvironmentDefinition } from "./environment.ts";
import { parseNames } from "./parse-option.ts";

const dataFolder = "alfworld-data";

/** Household tasks (ALFWorld). */
export const alfworld: EnvironmentDefinition<AlfworldTasks, typeof alfworldTasksSchema> = {
  name: "alfworld",
  description: "household games, generated or released",
  schema: alfworldTasksSchema,
  open: openAlfworldTasks,
  options: [
    {
      setting: "path",
      flag: "games",
      value: "path",
      description: "folder or archive of game files (default: generated games)",
    },
    {
      setting: "kinds",
      description: `only tasks of these types: ${gameKinds.join(", ")}, other; ALFWorld's numbers 1 to 6 and unique prefixes also work`,
      parse: parseKinds,
    },
    {
      setting: "indices",
      flag: "index",
      description:
        "only games at these positions in the split (sorted by path, from 0), such as 0,5,10-19",
    },
    {
      setting: "paths",
      flag: "path",
      value: "id",
      description: "only this game or folder of games, as a path within --games; may be repeated",
    },
    {
      setting: "include",
      description: `also play games that are skipped by default: ${includableGames.join(", ")}`,
    },
    {
      setting: "wording",
      description:
        "wording of the put command; put: put X in/on Y, as in ALFWorld before 0.4.0 (default: move X to Y)",
    },
    {
      setting: "humanGoals",
      value: "file",
      description: "goal sentences written by people, as JSON: {PATH: {human_goals: [...]}}",
    },
    { setting: "strict", description: "stop at a broken game file (default: skip and report it)" },
    { setting: "size", description: "size of generated games" },
    "format",
  ],
  createExperiment: (seed, { path = null }) =>
    path === null ? householdGames(seed) : releasedHouseholdGames(seed, path),
  experiments: [
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
      create: (seed) => releasedHouseholdGames(seed, dataFolder),
    },
    {
      name: "alfworld-study",
      description: "generated household games sized for many seeds, GRPO without modulation",
      needs: ["this machine"],
      create: householdStudy,
    },
    {
      name: "alfworld-study-turns",
      description: "alfworld-study with turn-wise prompts, as in AEM's paper",
      needs: ["this machine"],
      create: turnWiseHouseholdStudy,
    },
  ],
  paper: {
    setting: alfworldSetting,
    tasks: { format: "verl-agent" },
    needs: ["a GPU", "data", "a model"],
    create: (seed) => releasedHouseholdGames(seed, dataFolder),
  },
  serving: {
    module: "@turnwise/envs/alfworld",
    exported: "openAlfworldTasks",
    tasks: { format: "verl-agent", size: "medium" },
    sessionSettings: ["format", "kinds", "wording"],
    listSplits: ({ path }) =>
      path === null ? ["held_out"] : ["valid_seen", "valid_unseen", "valid_train"],
    isComplete: ({ path }) => path !== null,
  },
  chooseEvaluationSplit: ({ path }) => (path === null ? "held_out" : defaultEvaluationSplit),
  suggestTasks: (tasks) => ({
    ...tasks,
    ...(tasks.path === null && { size: "medium" as const }),
    kinds: null,
    indices: null,
    paths: null,
  }),
  idleRules: [
    {
      paths: ["tasks.size"],
      isIdle: ({ tasks }) => tasks.path !== null,
      why: "with tasks.path: games are read, not generated",
    },
    {
      paths: ["tasks.include", "tasks.strict", "tasks.humanGoals"],
      isIdle: ({ tasks }) => tasks.path === null,
      why: "without tasks.path: generated games do not use it",
    },
    {
      paths: ["tasks.hurry"],
      isIdle: ({ warmStart }) => warmStart.numDemonstrations === 0,
      why: "with warmStart.numDemonstrations 0: only demonstrators use it",
    },
  ],
};

/**
 * Parses a list of task kinds; each is a name, its number in ALFWorld, or a unique prefix of the
 * name.
 */
function parseKinds(text: string): readonly string[] {
  const known: readonly string[] = [...gameKinds, "other"];
  return parseNames(text, known, (name) => {
    const numbered = /^[1-6]$/u.test(name) ? gameKinds[Number(name) - 1] : undefined;
    return numbered === undefined ? known.filter((kind) => kind.startsWith(name)) : [numbered];
  });
}
