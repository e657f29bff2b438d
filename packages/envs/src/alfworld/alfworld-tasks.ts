import { createRandom, InputError, readInput, type Task } from "@turnwise/core";
import type { AgentFormat } from "../agent-format.ts";
import type { Environment } from "../environment.ts";
import { demonstrateAll } from "../demonstration.ts";
import type { TaskSource, TaskSplit } from "../task-source.ts";
import { compactFormat, compactMarkers, verlAgentFormat } from "./prompt.ts";
import { createSearcher } from "./expert/searcher.ts";
import { describeGames, openGames } from "./open-games.ts";
import { gameKinds, type GameKind } from "./game-kind.ts";
import { includableGames } from "./game-path.ts";
import { gameEnvironment } from "./environment.ts";
import { draftGames } from "./generator/generate-games.ts";
import { loadGame } from "./load-game.ts";
import { readHumanGoals } from "./human-goals.ts";
import { answerThoughts } from "./react/answer-thoughts.ts";
import { guessKind, writeReactExamples } from "./react/react-example.ts";
import { reactFormat } from "./react/react-format.ts";
import { RecentCache } from "./recent-cache.ts";
import { selectGames, type GameSelection } from "./select-games.ts";
import { wordings, type Wording } from "./wording.ts";
import { householdSizes, type HouseholdSize } from "./generator/household.ts";
import type { Game } from "./game.ts";
import { finishGame, type Draft } from "./generator/generate-game.ts";
import * as z from "zod";
import { countOrNone, evaluationSplits, type TaskEpisode } from "../task-settings.ts";
import type { EvaluationSplit, TasksSchema } from "../task-settings.ts";
import { exchangeableClasses } from "./exchangeable-classes.ts";
import { setting } from "../setting.ts";
import { turnWise } from "../turn-wise.ts";

/** Settings of household tasks; {@link alfworldTasksSchema} describes every field. */
export interface AlfworldTasks {
  readonly environment: "alfworld";
  readonly path: string | null;
  readonly size: HouseholdSize;
  readonly format: "compact" | "compact-turns" | "verl-agent" | "react";
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
  readonly kinds: readonly (GameKind | "other")[] | null;
  readonly indices: readonly number[] | null;
  readonly paths: readonly string[] | null;
  readonly include: readonly (typeof includableGames)[number][];
  readonly strict: boolean;
  readonly wording: Wording;
  readonly humanGoals: string | null;
  readonly hurry: number;
}

/** Schema of {@link AlfworldTasks}. */
export const alfworldTasksSchema: TasksSchema<
  AlfworldTasks,
  "kinds" | "indices" | "paths" | "include" | "strict" | "wording" | "humanGoals" | "hurry"
> = z.strictObject({
  environment: setting(z.literal("alfworld"), "Environment of the tasks"),
  path: setting(
    z.string().min(1).nullable(),
    "Folder or archive of game files; null to generate games",
  ),
  size: setting(z.enum(householdSizes), "Size of the generated houses"),
  format: setting(
    z.enum(["compact", "compact-turns", "verl-agent", "react"]),
    "Prompt format: compact (one growing sequence) or compact-turns (each turn its own prompt, with the last two turns) for small models, verl-agent and react for language models",
  ),
  numTraining: setting(
    countOrNone,
    "Maximum number of training games; 0 for evaluation only",
    "games",
  ),
  evaluation: evaluationSplits,
  kinds: setting(
    z
      .array(z.enum([...gameKinds, "other"]))
      .min(1)
      .nullable(),
    "Task kinds to train and evaluate on; null for all",
  ).default(null),
  indices: setting(
    z.array(countOrNone).min(1).nullable(),
    "Indices of games within each split, from 0, in the order of their paths; null for all",
  ).default(null),
  paths: setting(
    z.array(z.string().min(1)).min(1).nullable(),
    "Ids of games, or of folders such as valid_seen/look_at_obj...; null for all",
  ).default(null),
  include: setting(
    z.array(z.enum(includableGames)),
    "Kinds of released games to include although ALFWorld excludes them because of their paths",
  ).default([]),
  strict: setting(
    z.boolean(),
    "Fail on a broken game file, instead of skipping and reporting it",
  ).default(false),
  wording: setting(
    z.enum(wordings),
    "Wording of actions: move X to Y, or put X in/on Y as in ALFWorld before 0.4.0",
  ).default("move"),
  humanGoals: setting(
    z.string().min(1).nullable(),
    "File of human-written goal sentences, one of which replaces the goal of each game; null for the games' own goals",
  ).default(null),
  hurry: setting(
    z.number().min(0).lt(1),
    "Probability that a demonstrator acts at random; above 0, demonstrations are imperfect",
  ).default(0),
});

/** Opened or generated games, by task id. */
interface Library {
  readonly description: string;
  readonly omissions?: Readonly<Record<string, unknown>>;
  readonly load: (id: string) => Promise<Game>;
  /**
   * Returns the goal sentence of the game's own grammar; absent unless games are played with
   * another goal sentence.
   */
  readonly ownGoal?: (id: string) => Promise<string>;
  /** Splits that contain games. */
  readonly splits: readonly string[];
  /** Selects tasks of a split, in the order of the library. */
  readonly select: (split: string, count: number) => readonly Task[];
}

/**
 * Split name for an evaluation that chooses the split itself: the first held-out split with
 * selected games (`valid_seen`, `valid_unseen`, `valid_train`, `held_out`), else `train`.
 */
export const defaultEvaluationSplit = "default";

const heldOutSplits = ["valid_seen", "valid_unseen", "valid_train", "held_out"];

const formats: Readonly<Record<AlfworldTasks["format"], (wording: Wording) => AgentFormat>> = {
  compact: compactFormat,
  "compact-turns": () => turnWise(compactFormat()),
  "verl-agent": () => verlAgentFormat(),
  react: (wording) => {
    const examples = new RecentCache<GameKind, readonly [string, string]>(gameKinds.length);
    const format = reactFormat((firstObservation) => {
      const kind = guessKind(firstObservation);
      const written = examples.get(kind) ?? writeReactExamples(kind, wording);
      examples.set(kind, written);
      return written;
    });
    // In the published format each prompt contains the whole text so far.
    return turnWise(format, { historyLength: "all", separator: "" });
  },
};

/**
 * Opens or generates the games that the settings describe. Only splits that are used must have
 * games.
 * @throws `InputError` if there are no games, or a split in use is empty.
 */
export async function openAlfworldTasks(
  games: AlfworldTasks,
  episode: TaskEpisode,
  seed: number,
): Promise<TaskSource> {
  const library =
    games.path === null
      ? generateLibrary(games, seed)
      : await openLibrary({ ...games, path: games.path }, seed);
  const select = (split: string, total: number): Promise<readonly Task[]> =>
    readInput(() => library.select(split, total));
  const rejectEmpty = (split: string): never => {
    const chosen = (["kinds", "indices", "paths"] as const)
      .filter((name) => games[name] !== null)
      .map((name) => `${name} ${games[name]!.join(", ")}`);
    const condition = chosen.length > 0 ? ` of ${chosen.join(" and ")}` : "";
    throw new InputError(
      `${games.path ?? "generated games"}: split ${split} has no games${condition} (splits with games: ${library.splits.join(", ")})`,
    );
  };
  const training = games.numTraining === 0 ? [] : await select("train", games.numTraining);
  if (games.numTraining > 0 && training.length === 0) rejectEmpty("train");
  const evaluation: TaskSplit[] = [];
  const missing: string[] = [];
  for (const { split: wanted, numTasks, ifPresent } of games.evaluation) {
    const candidates = wanted === defaultEvaluationSplit ? [...heldOutSplits, "train"] : [wanted];
    const found = await firstWithTasks(candidates, (split) => select(split, numTasks));
    if (found !== undefined) evaluation.push(found);
    else if (ifPresent === true) missing.push(wanted);
    else rejectEmpty(wanted === defaultEvaluationSplit ? "valid_seen" : wanted);
  }
  const format = formats[games.format](games.wording);
  const wrap =
    games.format === "react" ? answerThoughts : (environment: Environment) => environment;
  const createEnvironment: TaskSource["createEnvironment"] = async (task) =>
    wrap(gameEnvironment(await library.load(task.id), episode));
  const counts = [
    ...(training.length > 0 ? [`${training.length} to train`] : []),
    ...evaluation.map(({ split, tasks }) => `${tasks.length} of ${split} to evaluate`),
    ...missing.map((split) => `${split} skipped (no games)`),
    ...(games.evaluation.length === 0 ? ["no evaluation"] : []),
  ];
  return {
    name: "alfworld",
    description: `games: ${library.description}; ${counts.join(", ")}`,
    ...(library.omissions && { omissions: library.omissions }),
    training,
    evaluation,
    createEnvironment,
    format,
    validate: async (onProgress) => {
      // Generated games are always valid.
      if (games.path === null) return;
      const tasks = [...training, ...evaluation.flatMap((entry) => entry.tasks)];
      for (const [i, { id }] of tasks.entries()) {
        await readInput(() => library.load(id));
        onProgress((i + 1) / tasks.length);
      }
    },
    demonstrator: {
      // Demonstrations are by a searcher, which knows only what the game has shown.
      demonstrate: async (tasks, slipShare, random) => {
        const { ownGoal } = library;
        const goals = new Map<string, string>();
        if (ownGoal) for (const { id } of tasks) goals.set(id, await ownGoal(id));
        const searcherOf = ({ id }: Task) => {
          const goal = goals.get(id);
          const options = {
            wording: games.wording,
            ...(goal !== undefined && { goal }),
            ...(games.hurry > 0 && {
              hurry: { share: games.hurry, random: random.fork(`hurry/${id}`) },
            }),
          };
          return createSearcher(random.fork(id), options);
        };
        return demonstrateAll(tasks, searcherOf, {
          createEnvironment,
          format,
          maxTurns: episode.maxTurns,
          slipShare,
          random,
        });
      },
      imitates: games.hurry > 0 ? "all" : "successes",
      markers: Object.values(compactMarkers),
      exchangeable: exchangeableClasses,
    },
  };
}

async function firstWithTasks(
  splits: readonly string[],
  select: (split: string) => Promise<readonly Task[]>,
): Promise<TaskSplit | undefined> {
  for (const split of splits) {
    const tasks = await select(split);
    if (tasks.length > 0) return { split, tasks };
  }
  return undefined;
}

function makeSelection({ kinds, indices, paths }: AlfworldTasks): GameSelection {
  return {
    ...(kinds !== null && { kinds }),
    ...(indices !== null && { indices }),
    ...(paths !== null && { paths }),
  };
}

/** Maximum number of generated games in memory. */
const maxLoaded = 64;

function generateLibrary(games: AlfworldTasks, seed: number): Library {
  if (games.humanGoals !== null) {
    throw new InputError(
      `tasks.humanGoals must be null for generated games, got ${games.humanGoals}`,
    );
  }
  const { size, numTraining, evaluation } = games;
  const splits = ["train", "held_out"] as const;
  const taskKinds = gameKinds.filter((kind) => games.kinds?.includes(kind) ?? true);
  const drafts = new Map<string, readonly Draft[]>(
    splits.map((split) => {
      const counts = evaluation
        .filter(({ split: wanted }) => wanted === split || wanted === defaultEvaluationSplit)
        .map(({ numTasks }) => numTasks);
      const total = Math.max(split === "train" ? numTraining : 0, ...counts);
      const isNone = total === 0 || taskKinds.length === 0;
      return [split, isNone ? [] : draftGames({ seed, size, split, count: total, taskKinds })];
    }),
  );
  const byName = new Map([...drafts.values()].flat().map((draft) => [draft.name, draft]));
  // Sibling episodes share a loaded game, and thus its caches.
  const loaded = new RecentCache<string, Game>(maxLoaded);
  const load = (id: string): Game => {
    const known = loaded.get(id);
    if (known !== undefined) return known;
    const game = loadGame(finishGame(byName.get(id)!), id, { wording: games.wording });
    loaded.set(id, game);
    return game;
  };
  return {
    description: `generated, ${size}`,
    splits,
    load: async (id) => load(id),
    select: (split, total) => {
      const all = (drafts.get(split) ?? []).slice(0, total);
      const tasks = all.map(({ name, taskKind }) => ({ id: name, kind: taskKind }));
      return tasks.length === 0 ? [] : selectGames(tasks, makeSelection(games), `split ${split}`);
    },
  };
}

async function openLibrary(
  games: AlfworldTasks & { readonly path: string },
  seed: number,
): Promise<Library> {
  const { path, include, strict, wording, humanGoals } = games;
  const random = createRandom(seed);
  const goals = humanGoals === null ? undefined : await readInput(() => readHumanGoals(humanGoals));
  // The sentence of a game is always the same, so that episodes are reproducible.
  const goalOf = (game: string): string | undefined => {
    const sentences = goals?.of(game);
    return (
      sentences && random.fork(`goal/${game.split("/").slice(-3).join("/")}`).choice(sentences)
    );
  };
  const set = await readInput(() => openGames(path, { include, strict, wording, goalOf }));
  const known = new Map<string, Task[]>();
  for (const task of set.tasks) {
    const split = task.split ?? "train";
    const tasks = known.get(split);
    if (tasks) tasks.push(task);
    else known.set(split, [task]);
  }
  const { paths, ...criteria } = makeSelection(games);
  // A path must match in at least one of the splits, not in all of them.
  const named = paths && new Set(await readInput(() => set.select({ paths }).map(({ id }) => id)));
  return {
    description: describeGames(set),
    omissions: { skipped: set.skipped, broken: set.broken },
    load: (id) => set.load(id),
    ...(goals && { ownGoal: async (id: string) => loadGame(await set.read(id), id).goal }),
    splits: [...known.keys()],
    // Select at random, because games next to each other are similar.
    select: (split, total) => {
      const all = known.get(split) ?? [];
      if (all.length === 0) return [];
      const tasks = selectGames(all, criteria, `${path}, split ${split}`).filter(
        ({ id }) => named?.has(id) ?? true,
      );
      const untold = goals && tasks.find(({ id }) => goals.of(set.pathOf(id)) === undefined);
      if (untold) {
        throw new InputError(
          `${humanGoals}: no goal sentence for ${untold.id}; every game of split ${split} needs one`,
        );
      }
      return tasks.length <= total ? tasks : random.fork(split).shuffle(tasks).slice(0, total);
    },
  };
}
