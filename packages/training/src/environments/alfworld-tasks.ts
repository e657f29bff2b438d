import { createRandom, type Task } from "@turnwise/core";
import { demonstrateAll, type TaskSource } from "@turnwise/envs";
import {
  compactFormat,
  compactMarkers,
  createSearcher,
  gameEnvironment,
  generateGames,
  loadGame,
  openGames,
  verlAgentFormat,
  type Game,
  type GeneratedGame,
} from "@turnwise/envs/alfworld";
import { z } from "zod";
import { count, evaluationSplits, type EpisodeConfig } from "../config-parts.ts";
import { exchangeableClasses } from "./exchangeable-classes.ts";
import { InputError, reading } from "../input-error.ts";

/** Which household games a run plays. */
export const alfworldTasksSchema = z.strictObject({
  environment: z.literal("alfworld"),
  /** A folder of game files or an archive; `null` generates games. */
  path: z.string().min(1).nullable(),
  /** Of generated games. */
  size: z.enum(["small", "medium", "large"]),
  /** `compact` for small models, `verl-agent` for language models. */
  format: z.enum(["compact", "verl-agent"]),
  /** Training games; with a path at most that many of its training split are used. */
  numTraining: count,
  evaluation: evaluationSplits,
});

/** See {@link alfworldTasksSchema}. */
export type AlfworldTasks = z.infer<typeof alfworldTasksSchema>;

/** Games by their task, and where they come from. */
interface Library {
  readonly description: string;
  readonly load: (id: string) => Promise<Game>;
  /** Tasks of a split, in the library's order. */
  readonly select: (split: string, count: number) => readonly Task[];
}

/**
 * Opens or generates the games that a configuration names.
 * @throws `InputError` if there are none, or a split is empty.
 */
export async function openAlfworldTasks(
  games: AlfworldTasks,
  episode: EpisodeConfig,
  seed: number,
): Promise<TaskSource> {
  const library =
    games.path === null ? generatedLibrary(games, seed) : await openedLibrary(games.path, seed);
  const training = library.select("train", games.numTraining);
  const evaluation = games.evaluation.map(({ split, numTasks }) => ({
    split,
    tasks: library.select(split, numTasks),
  }));
  for (const { split, tasks } of [{ split: "train", tasks: training }, ...evaluation]) {
    if (tasks.length === 0) {
      throw new InputError(
        `${games.path ?? "generated games"}: split ${split} must hold games, found none`,
      );
    }
  }
  const format = games.format === "compact" ? compactFormat() : verlAgentFormat();
  const createEnvironment: TaskSource["createEnvironment"] = async (task) =>
    gameEnvironment(await library.load(task.id), episode);
  const counts = evaluation.map(({ split, tasks }) => `${tasks.length} of ${split} to evaluate`);
  return {
    name: "alfworld",
    description: `games: ${library.description}; ${training.length} to train, ${counts.join(", ")}`,
    training,
    evaluation,
    createEnvironment,
    format,
    validate: async (onProgress) => {
      // What was generated a moment ago needs no check.
      if (games.path === null) return;
      const tasks = [...training, ...evaluation.flatMap((entry) => entry.tasks)];
      for (const [i, { id }] of tasks.entries()) {
        await reading(() => library.load(id));
        onProgress((i + 1) / tasks.length);
      }
    },
    demonstrator: {
      // A searching player, who knows only what it was told.
      demonstrate: (tasks, slipShare, random) =>
        demonstrateAll(tasks, (task) => createSearcher(random.fork(task.id)), {
          createEnvironment,
          format,
          maxTurns: episode.maxTurns,
          slipShare,
          random,
        }),
      markers: Object.values(compactMarkers),
      exchangeable: exchangeableClasses,
    },
  };
}

function generatedLibrary({ size, numTraining, evaluation }: AlfworldTasks, seed: number): Library {
  const files = new Map<string, GeneratedGame[]>(
    (["train", "held_out"] as const).map((split) => {
      const counts = evaluation
        .filter((entry) => entry.split === split)
        .map(({ numTasks }) => numTasks);
      const total = Math.max(split === "train" ? numTraining : 0, ...counts);
      return [split, generateGames({ seed, size, split, count: total })];
    }),
  );
  const byName = new Map([...files.values()].flat().map((file) => [file.name, file]));
  return {
    description: `generated, ${size}`,
    load: async (id) => loadGame(byName.get(id)!, id),
    select: (split, total) =>
      (files.get(split) ?? [])
        .slice(0, total)
        .map(({ name, taskKind }) => ({ id: name, kind: taskKind })),
  };
}

async function openedLibrary(path: string, seed: number): Promise<Library> {
  const set = await reading(() => openGames(path));
  const random = createRandom(seed);
  const known = new Map<string, readonly Task[]>();
  for (const task of set.tasks) {
    const split = task.split ?? "train";
    known.set(split, [...(known.get(split) ?? []), task]);
  }
  return {
    description: `${set.tasks.length} in ${path}`,
    load: (id) => set.load(id),
    // A part of a split is drawn at random: neighbours are alike.
    select: (split, total) => {
      const tasks = known.get(split) ?? [];
      return tasks.length <= total ? tasks : random.fork(split).shuffle(tasks).slice(0, total);
    },
  };
}
