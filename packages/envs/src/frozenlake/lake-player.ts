import type { ScriptedPlayer } from "../demonstration.ts";
import { cellName } from "../grid/compact-grid-format.ts";
import { bestLakePolicy } from "./best-policy.ts";
import type { Lake } from "./lake.ts";

/**
 * Player that takes the best step of a slippery lake, one per turn, wherever the observation shows it.
 * @param maxSteps - Steps of the episode.
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

/** Cell of the player in an observation of either format; `undefined` where the game is over. */
function playerCell({ width, holes }: Lake, observation: string): number | undefined {
  const words = observation.split(" ");
  const named = holes.findIndex((_, cell) => words.includes(`p${cellName(cell, width)}`));
  if (named !== -1) return named;
  const grid = /State:\n(?<rows>[\s\S]*)\nYou have/u.exec(observation)?.groups?.rows;
  const drawn = Array.from((grid ?? "").replaceAll("\n", "")).indexOf("P");
  return drawn === -1 ? undefined : drawn;
}
