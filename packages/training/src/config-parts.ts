import { z } from "zod";

/** Numbers as settings restrict them. */
export const positive = z.number().finite().positive();
export const nonNegative = z.number().finite().nonnegative();
export const share = z.number().finite().min(0).max(1);
export const count = z.int().positive();
export const countOrNone = z.int().nonnegative();

/** Splits to evaluate, and how many tasks of each; none trains without evaluation. */
export const evaluationSplits = z.array(
  z.strictObject({
    split: z.string().min(1),
    numTasks: count,
    /** Whether the split is left out where the tasks lack it, instead of refused. */
    ifPresent: z.boolean().optional(),
  }),
);

/** Limits and payments of an episode. */
export const episodeSchema = z.strictObject({
  maxTurns: count,
  maxResponseTokens: count,
  /** What success is paid; a score is paid as its share of it. */
  successReward: positive,
  invalidActionPenalty: nonNegative,
});

/** See {@link episodeSchema}. */
export type EpisodeConfig = z.infer<typeof episodeSchema>;
