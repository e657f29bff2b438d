import { createRandom } from "@turnwise/core";
import * as z from "zod";
import { pickChatTemplate, type ChatTemplate } from "../chat-template.ts";
import type { ScriptedPlayer } from "../demonstration.ts";
import { openGenerated } from "../generated/open-generated.ts";
import { compactGridFormat } from "../grid/compact-grid-format.ts";
import { followPlan, gridDemonstrator } from "../grid/grid-demonstrator.ts";
import { gridSettings, ragenMovesPerTurn, type GridTasks } from "../grid/grid-settings.ts";
import { setting } from "../setting.ts";
import { count, type TaskEpisode, type TasksSchema } from "../task-settings.ts";
import type { TaskSource } from "../task-source.ts";
import { generateLakes } from "./generate-lakes.ts";
import { lakeEnvironment } from "./lake-environment.ts";
import { lakeVocabulary } from "./lake-game.ts";
import { lakePlayer } from "./lake-player.ts";
import { ragenLakeFormat } from "./ragen-lake-format.ts";
import { shortestLakePath } from "./shortest-path.ts";

/** FrozenLake tasks of a run; {@link frozenlakeTasksSchema} describes every field. */
export interface FrozenlakeTasks extends GridTasks {
  readonly environment: "frozenlake";
  readonly size: number;
  readonly holeShare: number;
  readonly minPath: number;
  readonly isSlippery: boolean;
}

/** Schema of {@link FrozenlakeTasks}. */
export const frozenlakeTasksSchema: TasksSchema<FrozenlakeTasks, "template"> = z.strictObject({
  environment: setting(z.literal("frozenlake"), "Environment of the tasks"),
  size: setting(z.int().min(2).max(30), "Number of rows, and of columns, of a lake", "cells"),
  holeShare: setting(z.number().min(0).max(0.9), "Probability that a cell is a hole"),
  minPath: setting(count, "Minimum length of the shortest path from start to goal", "steps"),
  isSlippery: setting(
    z.boolean(),
    "Slippery ice: a step goes to either side with probability 1/3 each; the same actions in the same task have the same result",
  ),
  ...gridSettings,
});

/**
 * Generates the lakes that a configuration describes.
 * @param options - `messages`: chat template of hosted models, used if the `template` is
 * `messages`.
 * @throws `InputError` for an unknown split, or more lakes than exist.
 */
export async function openFrozenlakeTasks(
  tasks: FrozenlakeTasks,
  episode: TaskEpisode,
  seed: number,
  { messages }: { readonly messages?: ChatTemplate } = {},
): Promise<TaskSource> {
  const { size, holeShare, isSlippery, maxMoves } = tasks;
  const isCompact = tasks.format === "compact";
  const template = pickChatTemplate("frozenlake", tasks.template, messages);
  const lakes = openGenerated("frozenlake", tasks, (split, total) =>
    generateLakes({ ...tasks, seed, split, count: total }).map((lake) => ({
      ...lake,
      kind: `path-${String(lake.numSteps).padStart(2, "0")}`,
    })),
  );
  const createEnvironment: TaskSource["createEnvironment"] = async (task) =>
    lakeEnvironment(lakes.contentOf(task).lake, {
      text: tasks.format,
      maxMoves,
      successReward: episode.successReward,
      ...(isSlippery && { slips: createRandom(`${task.id}/slips`) }),
    });
  const format = isCompact
    ? compactGridFormat
    : ragenLakeFormat({
        isSlippery,
        maxMoves,
        template,
        opensThought: tasks.template !== "messages",
      });
  return {
    name: "frozenlake",
    description:
      `${isSlippery ? "slippery" : "firm"} lakes of ${size} x ${size}, ` +
      `holes with probability ${holeShare}; ${lakes.counts}`,
    training: lakes.training,
    evaluation: lakes.evaluation,
    createEnvironment,
    format,
    vocabularyTexts: [lakeVocabulary(size)],
    demonstrator: gridDemonstrator({
      createPlayer: (task): ScriptedPlayer => {
        const { lake } = lakes.contentOf(task);
        if (isSlippery) return lakePlayer(lake, Math.min(maxMoves, episode.maxTurns));
        // Every generated lake has a path.
        return followPlan(shortestLakePath(lake)!, isCompact ? 1 : ragenMovesPerTurn);
      },
      createEnvironment,
      format,
      maxTurns: episode.maxTurns,
    }),
  };
}
