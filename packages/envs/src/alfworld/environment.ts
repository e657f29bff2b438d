import { checkNonNegative } from "@turnwise/core";
import type { Environment, Observation, StepResult } from "../environment.ts";
import { pythonStrip } from "../python/python-strip.ts";
import type { Game } from "./game.ts";
import { createHouseholdRenderer, type PerformedCommand } from "./render-household.ts";

/**
 * Creates the environment of a game. The episode ends when the goal is reached; the rollout limits
 * the number of turns. The answer to an inadmissible action is "Nothing happens.".
 *
 * @param successReward - Reward of the turn that reaches the goal, `>= 0`; all other turns have
 *   reward 0. Default 10, as in verl-agent.
 */
export function gameEnvironment(
  game: Game,
  { successReward = 10 }: { readonly successReward?: number } = {},
): Environment {
  checkNonNegative("gameEnvironment", { successReward });
  const state = game.start();
  const performed: PerformedCommand[] = [];
  let render: ReturnType<typeof createHouseholdRenderer> | undefined;
  const observe = (): Observation => ({
    text: state.observation,
    admissibleActions: state.admissibleCommands,
  });
  return {
    reset: async () => observe(),
    step: async (action): Promise<StepResult> => {
      const hadEffect = state.step(action);
      if (hadEffect) performed.push({ command: pythonStrip(action), world: state.world });
      const isSuccess = state.isWon;
      return {
        ...observe(),
        reward: isSuccess ? successReward : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    render: async () => (render ??= createHouseholdRenderer(game))(performed),
    close: async () => undefined,
  };
}
