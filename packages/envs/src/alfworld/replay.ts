import { startEpisode } from "./episode.ts";
import type { Game } from "./game.ts";

/** Record of one command and the game's answer. */
export interface ReplayRecord {
  /** Command as given; `null` in the first record, which describes the start. */
  readonly command: string | null;
  /** Observation after the command. */
  readonly obs: string;
  /** Commands that have an effect now, sorted by code point. */
  readonly admissible: readonly string[];
  readonly score: 0 | 1;
  readonly done: boolean;
  readonly won: boolean;
}

/** Options of {@link replayGame}. */
export interface ReplayOptions {
  /**
   * Maximum number of commands, `>= 1`. After the end, every command gets the last answer again.
   * `Infinity` continues without a limit and after a win, with `done` equal to `won`, like
   * TextWorld's bare environment. Default 50.
   */
  readonly maxSteps?: number;
}

/** Replay of a game, which returns a record for each command. */
export interface Replay {
  /** Record of the start, before the first command. */
  readonly start: ReplayRecord;
  /** Performs a command. */
  answer(command: string): ReplayRecord;
}

/**
 * Starts a replay. The keys of a record are in the order `command obs admissible score done won`.
 * @throws `RangeError` if `maxSteps` is neither an integer `>= 1` nor `Infinity`.
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
 * Plays commands and yields one record each, after a first record for the start. Lazy: a command is
 * read only when its record is requested.
 * @throws The errors of {@link startReplay}.
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
