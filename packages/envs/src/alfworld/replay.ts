import { startEpisode } from "./episode.ts";
import type { Game } from "./game.ts";

/** What a game answered to one command. */
export interface ReplayRecord {
  /** The command as it was given; `null` in the first record, which shows the start. */
  readonly command: string | null;
  /** The observation. */
  readonly obs: string;
  /** The commands that have an effect now, sorted by code point. */
  readonly admissible: readonly string[];
  readonly score: 0 | 1;
  readonly done: boolean;
  readonly won: boolean;
}

/** Options of {@link replayGame}. */
export interface ReplayOptions {
  /**
   * The most commands, `>= 1`. After the end every further command gets the last answer again.
   * `Infinity` plays on without a limit and also after a win, `done` then meaning `won`, as
   * TextWorld's bare environment does. Default 50.
   */
  readonly maxSteps?: number;
}

/** A play that answers commands with records. */
export interface Replay {
  /** The start, before any command. */
  readonly start: ReplayRecord;
  /** Carries out a command. */
  answer(command: string): ReplayRecord;
}

/**
 * Begins a replay. The keys of a record come in the order
 * `command obs admissible score done won`.
 * @throws `RangeError` if `maxSteps` is neither a whole number of at least 1 nor `Infinity`.
 */
export function startReplay(game: Game, { maxSteps = 50 }: ReplayOptions = {}): Replay {
  if (maxSteps === Infinity) {
    const state = game.start();
    const record = (command: string | null): ReplayRecord => ({
      command,
      obs: state.observation,
      admissible: state.admissibleCommands,
      score: state.isWon ? 1 : 0,
      done: command !== null && state.isWon,
      won: state.isWon,
    });
    return {
      start: record(null),
      answer: (command) => {
        state.step(command);
        return record(command);
      },
    };
  }
  const episode = startEpisode(game, { maxSteps });
  const record = (command: string | null): ReplayRecord => ({
    command,
    obs: episode.observation,
    admissible: episode.admissibleCommands,
    score: episode.score,
    done: episode.isDone,
    won: episode.isWon,
  });
  return {
    start: record(null),
    answer: (command) => {
      episode.step(command);
      return record(command);
    },
  };
}

/**
 * Plays commands, one record each, after a first record for the start. Lazy: a command is taken from
 * the list when the one before was answered and its record asked for.
 * @throws `RangeError` as {@link startReplay}.
 */
export function* replayGame(
  game: Game,
  commands: Iterable<string>,
  options: ReplayOptions = {},
): Generator<ReplayRecord, void, void> {
  const replay = startReplay(game, options);
  yield replay.start;
  for (const command of commands) yield replay.answer(command);
}
