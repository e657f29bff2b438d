import * as z from "zod";
import { chatTemplateNames, type ChatTemplateName } from "../chat-template.ts";
import { setting } from "../setting.ts";
import { count, countOrNone, evaluationSplits, type EvaluationSplit } from "../task-settings.ts";

/** Settings that grid games share. */
export interface GridTasks {
  readonly format: "compact" | "ragen";
  readonly template: ChatTemplateName;
  readonly maxMoves: number;
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
}

/** Schemas of {@link GridTasks}. */
export const gridSettings: {
  readonly [K in Exclude<keyof GridTasks, "template">]: z.ZodType<GridTasks[K], GridTasks[K]>;
} & { readonly template: z.ZodDefault<z.ZodType<ChatTemplateName, ChatTemplateName>> } = {
  format: setting(
    z.enum(["compact", "ragen"]),
    "Prompt format: compact for small models, one move per turn; ragen for language models",
  ),
  template: setting(
    z.enum(chatTemplateNames),
    "Rendering of ragen prompts: chat-markup (special tokens), plain (headings), messages (for a hosted chat model)",
  ).default("chat-markup"),
  maxMoves: setting(count, "Maximum number of moves; then an episode ends unsolved", "moves"),
  numTraining: setting(countOrNone, "Number of training tasks; 0 for evaluation only", "tasks"),
  evaluation: evaluationSplits,
};

/** Maximum number of moves per response with format ragen, as in RAGEN. */
export const ragenMovesPerTurn = 5;
