import { boundState, checkInteger, stateVersion, type GridState } from "@turnwise/core";
import type { Environment, Observation, StepResult } from "../environment.ts";
import { readDirection, type Direction } from "./direction.ts";

/** Part of a rendered state that depends on the game. */
export type GridPicture = Pick<
  GridState,
  "width" | "height" | "cells" | "agent" | "boxes" | "targets"
>;

/** A game of moves on a grid. States are immutable. */
export interface GridGame<S> {
  readonly start: S;
  move(state: S, direction: Direction): S;
  /** The grid in symbols, one line per row. */
  draw(state: S): string;
  /** Ground and pieces, for a record of the state. */
  picture(state: S): GridPicture;
  /** The state in few words, for small models. */
  words(state: S): string;
  result(state: S): "open" | "won" | "lost";
  /** Directions that can change the state. */
  effective(state: S): readonly Direction[];
  /** Reward of a move. */
  reward(before: S, after: S): number;
  /** Measure of partial success, in [0, 1]. Default: none. */
  score?(state: S): number;
}

/** Moment of an episode, for the text of an observation. */
export interface GridMoment<S> {
  readonly game: GridGame<S>;
  readonly state: S;
  /** Turn that follows, from 0. */
  readonly turn: number;
  readonly movesLeft: number;
  /** Rewards of the last turn's moves; `undefined` where none was carried out, and at the start. */
  readonly reward: number | undefined;
}

/** Writes observations. */
export type GridText = <S>(moment: GridMoment<S>) => string;

/** Separates the moves of one action. */
export const moveSeparator = "||";

/**
 * A game on a grid as an environment. An action is one direction, or several separated by `||`, which
 * are carried out one after the other until the game ends; parts that are not directions are skipped, as
 * in RAGEN. The episode ends with the game, or unsolved after `maxMoves` moves.
 * @param options.text - Writes observations; a turn without a move must be distinguishable from
 *   other turns.
 * @param options.maxMoves - Moves of the episode, `>= 1`; those without effect count too.
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
