import { checkInteger } from "@turnwise/core";
import type { Game, GameState } from "./game.ts";

/** Options of {@link startEpisode}. */
export interface EpisodeOptions {
  /** The most commands, `>= 1`; those without effect count too. Default 50. */
  readonly maxSteps?: number;
}

/**
 * One play of a game with a limit, as the reference's wrappers do it: after the end it repeats its
 * last answer, whatever it is told.
 */
export interface Episode {
  readonly game: Game;
  /** The answer to the last command; before the first one, the introduction. */
  readonly observation: string;
  /** The commands that have an effect: sorted by code point, each once. Do not change it. */
  readonly admissibleCommands: readonly string[];
  /** Commands taken so far, at most the limit. */
  readonly numSteps: number;
  /** Whether the goal holds. */
  readonly isWon: boolean;
  /** Whether the goal holds or the limit is reached. */
  readonly isDone: boolean;
  /** 1 if the goal holds, else 0: a level, not a difference. */
  readonly score: 0 | 1;
  /** The state without the limit. Stepping it moves the episode too, but is not counted. */
  readonly state: GameState;
  /** Takes a command. @returns Whether it was admissible; false after the end. */
  step(command: string): boolean;
  /** An independent episode that is now at the same point. */
  clone(): Episode;
}

/**
 * Begins an episode.
 * @throws `RangeError` if `maxSteps` is not a whole number of at least 1.
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
    // A game whose goal holds at the start is not over before the first command.
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
