import * as z from "zod";
import { setting } from "./setting.ts";

/** Schemas of numeric settings. */
export const positive: z.ZodNumber = z.number().positive();
export const nonNegative: z.ZodNumber = z.number().nonnegative();
export const share: z.ZodNumber = z.number().min(0).max(1);
export const count: z.ZodInt = z.int().positive();
export const countOrNone: z.ZodInt = z.int().nonnegative();

/** A split to evaluate. */
export interface EvaluationSplit {
  readonly split: string;
  readonly numTasks: number;
  /** Skips the split if the tasks do not have it, instead of rejecting it. Default false. */
  readonly ifPresent?: boolean | undefined;
}

/** Splits to evaluate; an empty list trains without evaluation. */
export const evaluationSplits: z.ZodType<readonly EvaluationSplit[], readonly EvaluationSplit[]> =
  setting(
    z.array(
      z.strictObject({
        split: setting(z.string().min(1), "Name of the split"),
        numTasks: setting(count, "Number of tasks to evaluate", "tasks"),
        ifPresent: setting(
          z.boolean().optional(),
          "Skip the split if the tasks do not have it, instead of rejecting it",
        ),
      }),
    ),
    "Splits to evaluate, each with its number of tasks; an empty list trains without evaluation",
  );

/** Limits and rewards of an episode that task sources need. */
export interface TaskEpisode {
  readonly maxTurns: number;
  /** Reward of a success. A task with a score in [0, 1] earns this reward times the score. */
  readonly successReward: number;
}

/**
 * Schema of a task source's settings `T`, where the settings `D` have defaults. Can be part of a
 * discriminated union.
 */
export type TasksSchema<
  T extends { readonly environment: string },
  D extends keyof T = never,
> = z.ZodObject<
  {
    readonly [K in keyof T]: K extends "environment"
      ? z.ZodLiteral<T["environment"]>
      : K extends D
        ? z.ZodDefault<z.ZodType<T[K], T[K]>>
        : z.ZodType<T[K], T[K]>;
  },
  z.core.$strict
>;
