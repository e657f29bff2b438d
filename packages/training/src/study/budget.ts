import { availableParallelism } from "node:os";
import { readAvailableMemory } from "@turnwise/policy/local";
import { estimateMemory } from "../policy/check-memory.ts";
import type { CellPlan } from "./plan-cells.ts";

/** Resources that a study may use. */
export interface StudyBudget {
  /** Number of CPU cores. Default: the cores available to the process. */
  readonly cores?: number;
  /** Bytes of memory. Default: the available memory. */
  readonly memoryBytes?: number;
}

/** Estimates the memory of a cell in bytes; 0 if its model is not in this machine's memory. */
export async function estimateCellMemory(
  { settings }: Pick<CellPlan, "settings">,
  availableBytes: number,
): Promise<number> {
  return (await estimateMemory(settings, availableBytes))?.needed ?? 0;
}

/**
 * Computes the number of cells that run concurrently within a budget, at least 1, from the threads and
 * the estimated memory of one cell.
 */
export async function computeNumJobs(
  plans: readonly CellPlan[],
  { cores = availableParallelism(), memoryBytes }: StudyBudget = {},
): Promise<number> {
  const memory = memoryBytes ?? (await readAvailableMemory());
  const threads = Math.max(1, ...plans.map(({ settings }) => settings.engine.threads));
  let bytes = 0;
  // All arms of an experiment have the same model, so estimate the memory once per experiment.
  const experiments = new Map(plans.map((plan) => [plan.experiment, plan]));
  for (const plan of experiments.values()) {
    bytes = Math.max(bytes, await estimateCellMemory(plan, memory));
  }
  const byMemory = bytes === 0 ? Infinity : Math.floor(memory / bytes);
  return Math.max(1, Math.min(Math.floor(cores / threads), byMemory, plans.length));
}
