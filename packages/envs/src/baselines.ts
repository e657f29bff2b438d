import type { Random, Task } from "@turnwise/core";
import type { Observation } from "./environment.ts";
import type { EpisodePlayer, ScriptedParts } from "./play-scripted.ts";
import type { TaskSource } from "./task-source.ts";

/** Draws one of the admissible actions uniformly; `undefined` if there are none. */
export function drawAdmissible(
  { admissibleActions = [] }: Observation,
  random: Random,
): string | undefined {
  return admissibleActions.length === 0 ? undefined : random.choice(admissibleActions);
}

/**
 * Creates players that draw each action at random, with the task source's `randomAction` or, by
 * default, uniformly from the admissible actions. A player gives up if there are none.
 */
export function createRandomPlayers({
  randomAction = drawAdmissible,
}: Pick<TaskSource, "randomAction">): ScriptedParts["createPlayer"] {
  return (_task, _index, random) => {
    let turn = 0;
    return { next: (observation) => randomAction(observation, random.fork(`turn/${turn++}`)) };
  };
}

/**
 * Creates players that replay the demonstrations of a task source, without no-ops: episode i
 * replays demonstration i of the task, modulo the number of demonstrations.
 * @returns The players; `undefined` if the source has no demonstrator.
 */
export function createDemonstratingPlayers({
  demonstrator,
}: Pick<TaskSource, "demonstrator">): ScriptedParts["createPlayer"] | undefined {
  if (demonstrator === undefined) return undefined;
  return async (task: Task, trajectoryIndex: number, random: Random): Promise<EpisodePlayer> => {
    const demonstrations = await demonstrator.demonstrate([task], 0, random.fork("demonstration"));
    const { turns } = demonstrations[trajectoryIndex % demonstrations.length]!;
    const actions = turns.map(({ action }) => action);
    return { next: () => actions.shift() };
  };
}
