import type { Task } from "@turnwise/core";
import type { Arbitrary } from "fast-check";
import type { PastTurn } from "../agent-format.ts";
import type { Environment, EnvironmentFactory, Observation, StepResult } from "../environment.ts";
import { fc } from "./fast-check.ts";

/** Choice of an action that is possible in any state. */
export type Move =
  /** Admissible action by index, modulo their number. */
  | { readonly kind: "admissible"; readonly position: number }
  /** Any text. */
  | { readonly kind: "text"; readonly text: string };

/** Moves of a player that mostly chooses admissible actions. */
export function movesArbitrary(actions: readonly string[], maxTurns: number): Arbitrary<Move[]> {
  const admissible = fc.record({ kind: fc.constant("admissible" as const), position: fc.nat() });
  const text = fc.record({
    kind: fc.constant("text" as const),
    text: fc.oneof(fc.string({ unit: "grapheme" }), ...actions.map((own) => fc.constant(own))),
  });
  return fc.array(fc.oneof({ weight: 3, arbitrary: admissible }, { weight: 1, arbitrary: text }), {
    minLength: 1,
    maxLength: maxTurns,
  });
}

/** Episode after some moves. */
export interface PlayedEpisode {
  readonly first: Observation;
  readonly actions: readonly string[];
  /** Reply to each action; fewer than there are moves if the environment ended the episode. */
  readonly replies: readonly StepResult[];
}

/** Returns the action of a move in a state; a text if no action is admissible. */
export function chooseAction(move: Move, { admissibleActions = [] }: Observation): string {
  if (move.kind === "text") return move.text;
  if (admissibleActions.length === 0) return String(move.position);
  return admissibleActions[move.position % admissibleActions.length]!;
}

/** Returns the last observation of an episode, and the turns before it. */
export function readLastState({ first, actions, replies }: PlayedEpisode): {
  readonly observation: Observation & Partial<StepResult>;
  readonly history: readonly PastTurn[];
} {
  const observations: readonly Observation[] = [first, ...replies];
  return {
    observation: observations.at(-1)!,
    history: actions.map((action, turn) => ({ observation: observations[turn]!, action })),
  };
}

/**
 * Plays moves until they are used up or the episode ends, and passes the open environment to `use`.
 */
export async function playMoves<T>(
  createEnvironment: EnvironmentFactory,
  task: Task,
  moves: readonly Move[],
  use: (episode: PlayedEpisode, environment: Environment) => T | Promise<T>,
): Promise<T> {
  const environment = await createEnvironment(task);
  try {
    const first = await environment.reset();
    const actions: string[] = [];
    const replies: StepResult[] = [];
    let state: Observation & Partial<StepResult> = first;
    for (const move of moves) {
      if (state.isTerminal === true) break;
      const action = chooseAction(move, state);
      const reply = await environment.step(action);
      actions.push(action);
      replies.push(reply);
      state = reply;
    }
    return await use({ first, actions, replies }, environment);
  } finally {
    await environment.close();
  }
}
