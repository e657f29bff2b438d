import { checkNonNegative } from "@turnwise/core";
import type { Environment, Observation, StepResult } from "../environment.ts";
import type { Game } from "./game.ts";

/**
 * A game as an environment. The episode ends when the goal holds; the limit of turns is the
 * rollout's. What is not admissible is answered "Nothing happens.".
 *
 * @param successReward - Paid in the turn that reaches the goal, `>= 0`; all other turns pay 0.
 *   Default 10, as verl-agent pays.
 */
export function gameEnvironment(
  game: Game,
  { successReward = 10 }: { readonly successReward?: number } = {},
): Environment {
  checkNonNegative("gameEnvironment", { successReward });
  const state = game.start();
  const observe = (): Observation => ({
    text: state.observation,
    admissibleActions: state.admissibleCommands,
  });
  return {
    reset: async () => observe(),
    step: async (action): Promise<StepResult> => {
      state.step(action);
      const isSuccess = state.isWon;
      return {
        ...observe(),
        reward: isSuccess ? successReward : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    close: async () => undefined,
  };
}
