import { z } from "zod";
import type { episodeSchema } from "./experiment/sections.ts";
import { setting } from "./experiment/setting.ts";

/** Numbers as settings restrict them. */
export const positive = z.number().finite().positive();
export const nonNegative = z.number().finite().nonnegative();
export const share = z.number().finite().min(0).max(1);
export const count = z.int().positive();
export const countOrNone = z.int().nonnegative();

/** Splits to evaluate; an empty list trains without evaluation. */
export const evaluationSplits = setting(
  z.array(
    z.strictObject({
      split: setting(z.string().min(1), "Name of the split"),
      numTasks: setting(count, "Tasks to evaluate", "tasks"),
      ifPresent: setting(
        z.boolean().optional(),
        "Leave the split out where the tasks lack it, instead of rejecting it",
      ),
    }),
  ),
  "Splits to evaluate, each with its number of tasks; an empty list trains without evaluation",
);

/** See {@link episodeSchema}. */
export type EpisodeConfig = z.infer<typeof episodeSchema>;
