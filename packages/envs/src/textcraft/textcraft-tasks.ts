import { createRandom } from "@turnwise/core";
import * as z from "zod";
import {
  chatTemplateNames,
  pickChatTemplate,
  type ChatTemplate,
  type ChatTemplateName,
} from "../chat-template.ts";
import { demonstrateAll, type ScriptedPlayer } from "../demonstration.ts";
import { assignSplit, type GeneratedSplit } from "../generated/fingerprint.ts";
import { openGenerated } from "../generated/open-generated.ts";
import { setting } from "../setting.ts";
import {
  count,
  countOrNone,
  evaluationSplits,
  type EvaluationSplit,
  type TaskEpisode,
  type TasksSchema,
} from "../task-settings.ts";
import type { TaskSource } from "../task-source.ts";
import { craftingEnvironment, craftingTexts } from "./crafting-environment.ts";
import {
  agentgymFormat,
  compactCraftingFormat,
  compactCraftingMarkers,
} from "./crafting-formats.ts";
import { bookTasks, type CraftingTask } from "./crafting-task.ts";
import { generateCraftingTasks } from "./generator/generate-crafting.ts";
import { itemWords } from "./generator/item-words.ts";
import { readRecipes } from "./read-recipes.ts";
import { shortestCraftPlan } from "./shortest-craft-plan.ts";

/** Crafting tasks of a run; {@link textcraftTasksSchema} describes every field. */
export interface TextcraftTasks {
  readonly environment: "textcraft";
  readonly path: string | null;
  readonly minDepth: number;
  readonly maxDepth: number;
  readonly maxIngredients: number;
  readonly maxCount: number;
  readonly maxOutput: number;
  readonly numDistractors: number;
  readonly format: "compact" | "agentgym";
  readonly template: ChatTemplateName;
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
}

/** Settings of the crafting tasks of a run. */
export const textcraftTasksSchema: TasksSchema<TextcraftTasks, "path" | "template"> =
  z.strictObject({
    environment: setting(z.literal("textcraft"), "Environment of the tasks"),
    path: setting(
      z.string().min(1).nullable(),
      "Folder of recipe files in Minecraft's JSON format; null generates recipes",
    ).default(null),
    minDepth: setting(z.int().min(1).max(8), "Minimum number of consecutive crafts for a goal"),
    maxDepth: setting(z.int().min(1).max(8), "Maximum number of consecutive crafts for a goal"),
    maxIngredients: setting(
      z.int().min(1).max(4),
      "Maximum number of ingredients of a generated recipe",
    ),
    maxCount: setting(
      count,
      "Maximum number of pieces of an ingredient of a generated recipe",
      "pieces",
    ),
    maxOutput: setting(
      count,
      "Maximum number of pieces that a generated recipe produces",
      "pieces",
    ),
    numDistractors: setting(
      z.int().min(0).max(20),
      "Number of shown recipes that the goal does not need; a maximum if path is set",
      "recipes",
    ),
    format: setting(
      z.enum(["compact", "agentgym"]),
      "Prompt format: compact for small models, agentgym for language models",
    ),
    template: setting(
      z.enum(chatTemplateNames),
      "Rendering of agentgym prompts: chat-markup (special tokens), plain (headings), messages (for a hosted chat model)",
    ).default("chat-markup"),
    numTraining: setting(
      countOrNone,
      "Maximum number of training tasks; 0 for evaluation only",
      "tasks",
    ),
    evaluation: evaluationSplits,
  });

/**
 * Generates the crafting tasks that a configuration describes, or reads recipes and creates a task
 * for each item; then one item in five is held out.
 * @param options - `messages`: chat template of hosted models, used if the `template` is
 *   `messages`.
 * @throws `InputError` for files that cannot be read, an unknown or empty split, or if fewer tasks
 *   exist than requested.
 */
export async function openTextcraftTasks(
  tasks: TextcraftTasks,
  episode: TaskEpisode,
  seed: number,
  { messages }: { readonly messages?: ChatTemplate } = {},
): Promise<TaskSource> {
  const isCompact = tasks.format === "compact";
  const template = pickChatTemplate("textcraft", tasks.template, messages);
  const generate =
    tasks.path === null
      ? (split: GeneratedSplit, total: number) =>
          generateCraftingTasks({ ...tasks, seed, split, count: total })
      : await tasksOfBook(tasks.path, tasks, seed);
  const crafting = openGenerated("textcraft", tasks, generate);
  const createEnvironment: TaskSource["createEnvironment"] = async (task) =>
    craftingEnvironment(crafting.contentOf(task), {
      text: tasks.format,
      successReward: episode.successReward,
    });
  const format = isCompact ? compactCraftingFormat : agentgymFormat({ template });
  const { minDepth, maxDepth } = tasks;
  return {
    name: "textcraft",
    description: `goals of ${minDepth} to ${maxDepth} consecutive crafts, recipes ${tasks.path ?? "generated"}; ${crafting.counts}`,
    training: crafting.training,
    evaluation: crafting.evaluation,
    createEnvironment,
    format,
    vocabularyTexts: [itemWords.join(" "), "0 1 2 3 4 5 6 7 8 9 nothing have get craft goal"],
    demonstrator: {
      markers: Object.values(compactCraftingMarkers),
      exchangeable: () => (tasks.path === null ? [itemWords] : []),
      demonstrate: async (wanted, slipShare, random) =>
        demonstrateAll(wanted, (task) => planPlayer(crafting.contentOf(task), tasks.format), {
          createEnvironment,
          format,
          maxTurns: episode.maxTurns,
          slipShare,
          // A `get` action always succeeds; only a craft can be a no-op.
          canSlip: (action) => action.startsWith("craft "),
          random,
        }),
    },
  };
}

/** Creates a player that executes the shortest plan. */
function planPlayer(
  { book, goal }: CraftingTask,
  format: TextcraftTasks["format"],
): ScriptedPlayer {
  // The goal of every task can be crafted.
  const steps = shortestCraftPlan(book, goal)!;
  const text = craftingTexts[format];
  const actions = steps.map((step) =>
    step.kind === "get" ? text.get(book, step.item, step.count) : text.craft(book, step.recipe),
  );
  return { next: () => actions.shift() };
}

/** Tasks of the recipes in a folder, in random order within each split. */
async function tasksOfBook(
  path: string,
  tasks: TextcraftTasks,
  seed: number,
): Promise<(split: GeneratedSplit, total: number) => readonly CraftingTask[]> {
  const random = createRandom(seed).fork("textcraft/tasks");
  const all = bookTasks(await readRecipes(path), tasks, random.fork("commands"));
  return (split, total) =>
    random
      .fork(split)
      .shuffle(all.filter(({ fingerprint }) => assignSplit(fingerprint) === split))
      .slice(0, total)
      .map(({ task }) => task);
}
