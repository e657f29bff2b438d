import type { Task } from "@turnwise/core";
import type { AgentFormat } from "../agent-format.ts";
import { demonstrate, type ScriptedPlayer } from "../demonstration.ts";
import type { EnvironmentFactory } from "../environment.ts";
import type { Demonstrator } from "../task-source.ts";
import { compactGridMarkers } from "./compact-grid-format.ts";
import { directions, type Direction } from "./direction.ts";
import { moveSeparator } from "./grid-environment.ts";

/**
 * Creates the demonstrator of a grid game. Its no-ops are single moves without effect.
 * @param parts.createPlayer - Creates the player of a task; called once per episode.
 */
export function gridDemonstrator(parts: {
  readonly createPlayer: (task: Task) => ScriptedPlayer;
  readonly createEnvironment: EnvironmentFactory;
  readonly format: AgentFormat;
  readonly maxTurns: number;
}): Demonstrator {
  return {
    markers: Object.values(compactGridMarkers),
    demonstrate: async (tasks, share, random) =>
      Promise.all(
        tasks.map(async (task) =>
          demonstrate(task, parts.createPlayer(task), {
            ...parts,
            ...(share > 0 && {
              slips: { share, actions: directions, random: random.fork(`slips/${task.id}`) },
            }),
          }),
        ),
      ),
  };
}

/**
 * Creates a player that follows a plan.
 * @param movesPerTurn - Number of moves per action, `>= 1`.
 */
export function followPlan(plan: readonly Direction[], movesPerTurn: number): ScriptedPlayer {
  let played = 0;
  return {
    next: () => {
      const moves = plan.slice(played, played + movesPerTurn);
      played += moves.length;
      return moves.length === 0 ? undefined : moves.join(` ${moveSeparator} `);
    },
  };
}
