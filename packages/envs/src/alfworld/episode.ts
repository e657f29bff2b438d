import { checkInteger } from "@turnwise/core";
import type { Game, GameState } from "./game.ts";

/** Options of {@link startEpisode}. */
export interface EpisodeOptions {
  /** Maximum number of commands, `>= 1`, including those without effect. Default 50. */
  readonly maxSteps?: number;
}

/**
 * An episode of a game with a limit on commands, as in ALFWorld's own wrappers: after the end,
 * every command gets the last observation again.
 */
export interface Episode {
  readonly game: Game;
  /** Answer to the last command; before the first one, the introduction. */
  readonly observation: string;
  /** Commands that have an effect, sorted by code point, without duplicates. Do not modify. */
  readonly admissibleCommands: readonly string[];
  /** Number of commands so far, at most `maxSteps`. */
  readonly numSteps: number;
  /** True if the goal holds. */
  readonly isWon: boolean;
  /** True if the goal holds or the limit is reached. */
  readonly isDone: boolean;
  /** 1 if the goal holds now, else 0; this is not the change since the last command. */
  readonly score: 0 | 1;
  /** State without the limit. Commands performed on it affect the episode but are not counted. */
  readonly state: GameState;
  /** Performs a command. @returns True if the command was admissible; false after the end. */
  step(command: string): boolean;
  /** Copies the episode; the copy is independent. */
  clone(): Episode;
}

/**
 * Starts an episode.
 * @throws `RangeError` if `maxSteps` is not an integer `>= 1`.
 */
export function startEpisode(game: Game, { maxSteps = 50 }: EpisodeOptions = {}): Episode {
  checkInteger("startEpisode", { maxSteps }, { min: 1 });
  return new LimitedEpisode(game.start(), maxSteps, 0);
}

class LimitedEpisode implements Episode {
  readonly state: GameState;
  readonly #maxSteps: number;
  #numSteps: number;

  constructor(state: GameState, maxSteps: number, numSteps: number) {
    this.state = state;
    this.#maxSteps = maxSteps;
    this.#numSteps = numSteps;
  }

  get game(): Game {
    return this.state.game;
  }

  get observation(): string {
    return this.state.observation;
  }

  get admissibleCommands(): readonly string[] {
    return this.state.admissibleCommands;
  }

  get numSteps(): number {
    return this.#numSteps;
  }

  get isWon(): boolean {
    return this.state.isWon;
  }

  get isDone(): boolean {
    // Even if the goal holds at the start, the episode ends only after the first command.
    return this.#numSteps > 0 && (this.isWon || this.#numSteps >= this.#maxSteps);
  }

  get score(): 0 | 1 {
    return this.isWon ? 1 : 0;
  }

  step(command: string): boolean {
    if (this.isDone) return false;
    this.#numSteps++;
    return this.state.step(command);
  }

  clone(): Episode {
    return new LimitedEpisode(this.state.clone(), this.#maxSteps, this.#numSteps);
  }
}
