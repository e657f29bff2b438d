import type { ScriptedPlayer } from "../demonstration.ts";
import { cellName } from "../grid/compact-grid-format.ts";
import { bestLakePolicy } from "./best-policy.ts";
import type { Lake } from "./lake.ts";

/**
 * Creates a player that takes the optimal step on a slippery lake, one per turn, given its observed
 * position.
 * @param maxSteps - Maximum number of steps in the episode.
 */
export function lakePlayer(lake: Lake, maxSteps: number): ScriptedPlayer {
  const policy = bestLakePolicy(lake, { isSlippery: true, maxSteps });
  let stepsLeft = maxSteps;
  return {
    next: (observation) => {
      const cell = playerCell(lake, observation);
      return cell === undefined || stepsLeft === 0 ? undefined : policy.stepIn(cell, stepsLeft--);
    },
  };
}

/**
 * Reads the cell of the player from an observation in either format; `undefined` if the game is
 * over.
 */
function playerCell({ width, holes }: Lake, observation: string): number | undefined {
  const words = observation.split(" ");
  const named = holes.findIndex((_, cell) => words.includes(`p${cellName(cell, width)}`));
  if (named !== -1) return named;
  const grid = /State:\n(?<rows>[\s\S]*)\nYou have/u.exec(observation)?.groups?.rows;
  const drawn = Array.from((grid ?? "").replaceAll("\n", "")).indexOf("P");
  return drawn === -1 ? undefined : drawn;
}
