import { createRandom, type Random, type Task } from "@turnwise/core";
import type { AgentFormat, EnvironmentFactory } from "@turnwise/envs";
import {
  createSearcher,
  gameEnvironment,
  generateGames,
  loadGame,
  openGames,
  type Game,
  type GeneratedGame,
} from "@turnwise/envs/alfworld";
import type { TrainConfig } from "./config.ts";
import { demonstrate, type Demonstration } from "./demonstrations.ts";
import { InputError, reading } from "./input-error.ts";

/** The games of a run: what is trained on, what is evaluated on, and how they are played. */
export interface GameSource {
  /** One sentence for people. */
  readonly description: string;
  readonly training: readonly Task[];
  readonly evaluation: readonly { readonly split: string; readonly tasks: readonly Task[] }[];
  readonly createEnvironment: EnvironmentFactory;
  /** Loads every game once. @throws {@link InputError} naming the first that is broken. */
  validate(onProgress: (done: number) => void): Promise<void>;
  /**
   * Episodes of a searching player, who knows only what it was told, in training games.
   * @param slipShare - How often it says something that has no effect, in [0, 1).
   */
  demonstrate(
    tasks: readonly Task[],
    format: AgentFormat,
    slipShare: number,
    random: Random,
  ): Promise<Demonstration[]>;
}

/** Games by their task, and where they come from. */
interface Library {
  readonly description: string;
  readonly load: (id: string) => Promise<Game>;
  /** Tasks of a split, in the library's order. */
  readonly select: (split: string, count: number) => readonly Task[];
}

/**
 * Opens or generates the games that a configuration names.
 * @throws {@link InputError} if there are none, or a split is empty.
 */
export async function openGameSource(
  games: TrainConfig["games"],
  episode: TrainConfig["episode"],
  seed: number,
): Promise<GameSource> {
  const library =
    games.path === null ? generatedLibrary(games, seed) : await openedLibrary(games.path, seed);
  const training = library.select("train", games.numTraining);
  const evaluation = games.evaluation.map(({ split, numGames }) => ({
    split,
    tasks: library.select(split, numGames),
  }));
  for (const { split, tasks } of [{ split: "train", tasks: training }, ...evaluation]) {
    if (tasks.length === 0) {
      throw new InputError(
        `${games.path ?? "generated games"}: split ${split} must hold games, found none`,
      );
    }
  }
  const createEnvironment: EnvironmentFactory = async (task) =>
    gameEnvironment(await library.load(task.id), episode);
  const counts = evaluation.map(({ split, tasks }) => `${tasks.length} of ${split} to evaluate`);
  return {
    description: `games: ${library.description}; ${training.length} to train, ${counts.join(", ")}`,
    training,
    evaluation,
    createEnvironment,
    validate: async (onProgress) => {
      const tasks = [...training, ...evaluation.flatMap((entry) => entry.tasks)];
      for (const [i, { id }] of tasks.entries()) {
        await reading(() => library.load(id));
        onProgress((i + 1) / tasks.length);
      }
    },
    demonstrate: async (tasks, format, slipShare, random) => {
      const play = (task: Task, slips?: Parameters<typeof demonstrate>[2]["slips"]) =>
        demonstrate(task, createSearcher(random.fork(task.id)), {
          createEnvironment,
          format,
          maxTurns: episode.maxTurns,
          ...(slips && { slips }),
        });
      const clean = await Promise.all(tasks.map((task) => play(task)));
      const actions = [...new Set(clean.flatMap(({ turns }) => turns.map(({ action }) => action)))];
      if (slipShare === 0) return clean;
      return Promise.all(
        tasks.map((task) =>
          play(task, { share: slipShare, actions, random: random.fork(`slips/${task.id}`) }),
        ),
      );
    },
  };
}

function generatedLibrary(
  { size, numTraining, evaluation }: TrainConfig["games"],
  seed: number,
): Library {
  const files = new Map<string, GeneratedGame[]>(
    (["train", "held_out"] as const).map((split) => {
      const counts = evaluation
        .filter((entry) => entry.split === split)
        .map(({ numGames }) => numGames);
      const count = Math.max(split === "train" ? numTraining : 0, ...counts);
      return [split, generateGames({ seed, size, split, count })];
    }),
  );
  const byName = new Map([...files.values()].flat().map((file) => [file.name, file]));
  return {
    description: `generated, ${size}`,
    load: async (id) => loadGame(byName.get(id)!, id),
    select: (split, count) =>
      (files.get(split) ?? [])
        .slice(0, count)
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
    select: (split, count) => {
      const tasks = known.get(split) ?? [];
      return tasks.length <= count ? tasks : random.fork(split).shuffle(tasks).slice(0, count);
    },
  };
}
