import { boundState, checkInteger, stateVersion, type GridState } from "@turnwise/core";
import type { Environment, Observation, StepResult } from "../environment.ts";
import { readDirection, type Direction } from "./direction.ts";

/** Fields of a rendered state that depend on the game. */
export type GridPicture = Pick<
  GridState,
  "width" | "height" | "cells" | "agent" | "boxes" | "targets"
>;

/** Grid game with moves in four directions. States are immutable. */
export interface GridGame<S> {
  readonly start: S;
  move(state: S, direction: Direction): S;
  /** Draws the grid in symbols, one line per row. */
  draw(state: S): string;
  /** Returns terrain and pieces, for a rendered state. */
  picture(state: S): GridPicture;
  /** Describes the state in few words, for small models. */
  words(state: S): string;
  result(state: S): "open" | "won" | "lost";
  /** Lists the directions that can change the state. */
  effective(state: S): readonly Direction[];
  /** Returns the reward of a move. */
  reward(before: S, after: S): number;
  /** Returns a measure of partial success, in [0, 1]. Default: none. */
  score?(state: S): number;
}

/** Moment of an episode, from which the text of an observation is written. */
export interface GridMoment<S> {
  readonly game: GridGame<S>;
  readonly state: S;
  /** Index of the next turn, from 0. */
  readonly turn: number;
  readonly movesLeft: number;
  /**
   * Sum of the rewards of the last turn's moves; `undefined` at the start, and if no move was made.
   */
  readonly reward: number | undefined;
}

/** Function that writes observations. */
export type GridText = <S>(moment: GridMoment<S>) => string;

/** Separator between the moves of an action. */
export const moveSeparator = "||";

/**
 * Creates the environment of a grid game. An action is one direction, or several separated by `||`,
 * which are performed in order until the game ends; parts that are not directions are skipped, as
 * in RAGEN. The episode ends with the game, or unsolved after `maxMoves` moves.
 * @param options.text - Writes observations; a turn without a move must be distinguishable from
 *   other turns.
 * @param options.maxMoves - Maximum number of moves in an episode, `>= 1`; moves without effect
 *   count too.
 */
export function gridEnvironment<S>(
  game: GridGame<S>,
  { text, maxMoves }: { readonly text: GridText; readonly maxMoves: number },
): Environment {
  checkInteger("gridEnvironment", { maxMoves }, { min: 1 });
  let state = game.start;
  let movesLeft = maxMoves;
  let turn = 0;
  const observe = (reward: number | undefined): Observation => ({
    text: text({ game, state, turn, movesLeft, reward }),
    admissibleActions: isOver() ? [] : game.effective(state),
  });
  const isOver = (): boolean => movesLeft === 0 || game.result(state) !== "open";
  return {
    reset: async () => observe(undefined),
    step: async (action): Promise<StepResult> => {
      let reward: number | undefined;
      for (const part of action.split(moveSeparator)) {
        const direction = readDirection(part.trim());
        if (direction === undefined || isOver()) continue;
        const before = state;
        state = game.move(before, direction);
        movesLeft -= 1;
        reward = (reward ?? 0) + game.reward(before, state);
      }
      turn += 1;
      return {
        ...observe(reward),
        reward: reward ?? 0,
        isTerminal: isOver(),
        isSuccess: game.result(state) === "won",
        ...(game.score && { score: game.score(state) }),
      };
    },
    render: async () =>
      boundState({
        kind: "grid",
        version: stateVersion,
        ...game.picture(state),
        movesLeft,
        result: game.result(state),
      }),
    close: async () => undefined,
  };
}
