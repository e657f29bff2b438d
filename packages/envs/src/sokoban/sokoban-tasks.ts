import * as z from "zod";
import { pickChatTemplate, type ChatTemplate } from "../chat-template.ts";
import { openGenerated } from "../generated/open-generated.ts";
import { compactGridFormat } from "../grid/compact-grid-format.ts";
import { followPlan, gridDemonstrator } from "../grid/grid-demonstrator.ts";
import { gridSettings, ragenMovesPerTurn, type GridTasks } from "../grid/grid-settings.ts";
import { setting } from "../setting.ts";
import { count, type TaskEpisode, type TasksSchema } from "../task-settings.ts";
import type { TaskSource } from "../task-source.ts";
import { generateSokobanLevels } from "./generator/generate-levels.ts";
import { ragenSokobanFormat } from "./ragen-sokoban-format.ts";
import { shortestSokobanPlan } from "./shortest-plan.ts";
import { sokobanEnvironment } from "./sokoban-environment.ts";
import { gymSokobanRewards, sokobanVocabulary } from "./sokoban-game.ts";

/** Sokoban tasks of a run; {@link sokobanTasksSchema} describes every field. */
export interface SokobanTasks extends GridTasks {
  readonly environment: "sokoban";
  readonly width: number;
  readonly height: number;
  readonly numBoxes: number;
  readonly minSolution: number;
  readonly maxSolution: number;
  readonly reward: "success" | "gym";
}

const side = z.int().min(4).max(30);

/** Schema of {@link SokobanTasks}. */
export const sokobanTasksSchema: TasksSchema<SokobanTasks, "template"> = z.strictObject({
  environment: setting(z.literal("sokoban"), "Environment of the tasks"),
  width: setting(side, "Number of columns of a room, including walls", "cells"),
  height: setting(side, "Number of rows of a room, including walls", "cells"),
  numBoxes: setting(z.int().min(1).max(4), "Number of boxes in a room", "boxes"),
  minSolution: setting(count, "Minimum length of the shortest solution", "moves"),
  maxSolution: setting(count, "Maximum length of the shortest solution", "moves"),
  reward: setting(
    z.enum(["success", "gym"]),
    "Reward: success (only for solving the room) or gym (also for moves and boxes, as in gym-sokoban)",
  ),
  ...gridSettings,
});

/**
 * Generates the rooms that a configuration describes.
 * @param options - `messages`: chat template of hosted models, used if the `template` is
 * `messages`.
 * @throws `InputError` for an unknown split, or more rooms than exist.
 */
export async function openSokobanTasks(
  tasks: SokobanTasks,
  episode: TaskEpisode,
  seed: number,
  { messages }: { readonly messages?: ChatTemplate } = {},
): Promise<TaskSource> {
  const { width, height, numBoxes, minSolution, maxSolution, maxMoves } = tasks;
  const isCompact = tasks.format === "compact";
  const template = pickChatTemplate("sokoban", tasks.template, messages);
  const rooms = openGenerated("sokoban", tasks, (split, total) =>
    generateSokobanLevels({ ...tasks, seed, split, count: total }).map((room) => ({
      ...room,
      kind: lengthKind(room.numMoves),
    })),
  );
  const rewards =
    tasks.reward === "gym"
      ? gymSokobanRewards(episode.successReward)
      : { success: episode.successReward };
  const createEnvironment: TaskSource["createEnvironment"] = async (task) =>
    sokobanEnvironment(rooms.contentOf(task).level, { text: tasks.format, maxMoves, rewards });
  const format = isCompact
    ? compactGridFormat
    : ragenSokobanFormat({ maxMoves, template, opensThought: tasks.template !== "messages" });
  const boxes = numBoxes === 1 ? "1 box" : `${numBoxes} boxes`;
  return {
    name: "sokoban",
    description: `rooms of ${width} x ${height} with ${boxes}, solved in ${minSolution} to ${maxSolution} moves; ${rooms.counts}`,
    training: rooms.training,
    evaluation: rooms.evaluation,
    createEnvironment,
    format,
    vocabularyTexts: [sokobanVocabulary(width, height)],
    demonstrator: gridDemonstrator({
      createPlayer: (task) =>
        followPlan(
          // Every generated room can be solved.
          shortestSokobanPlan(rooms.contentOf(task).level)!,
          isCompact ? 1 : ragenMovesPerTurn,
        ),
      createEnvironment,
      format,
      maxTurns: episode.maxTurns,
    }),
  };
}

/** Returns the kind of a room by the length of its shortest solution: `moves-06-10`. */
function lengthKind(numMoves: number): string {
  const first = numMoves - ((numMoves - 1) % 5);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `moves-${two(first)}-${two(first + 4)}`;
}
