import type { CellPlan } from "./plan-cells.ts";

/** Inputs of {@link writeSlurmScript}. */
export interface SlurmOptions {
  /** Name of the study. */
  readonly name: string;
  /** SHA-256 of the study file. */
  readonly sha256: string;
  readonly plans: readonly Pick<CellPlan, "name" | "settings">[];
  /** Command line that runs a cell: the part before the cell's name, quoted for a POSIX shell. */
  readonly command: string;
  /** Command line that runs a cell: the part after the cell's name. */
  readonly options: string;
  /** Working directory, quoted. */
  readonly folder: string;
  /** Folder for the output, quoted; it must exist. */
  readonly logs: string;
  /** Memory per cell, MiB. */
  readonly memoryMebibytes: number;
  /** Maximum number of concurrent tasks. Default: all. */
  readonly maxRunning?: number;
  /** Additional options of sbatch, such as `--partition=cpu`. */
  readonly sbatch?: readonly string[];
}

/**
 * Writes a Slurm array job that runs one cell per task. The first task that needs a shared start
 * computes it, and the others wait.
 * @throws `RangeError` if there are no cells, or an option of sbatch has a line feed.
 */
export function writeSlurmScript(options: SlurmOptions): string {
  const { plans, maxRunning, sbatch = [] } = options;
  if (plans.length === 0)
    throw new RangeError("writeSlurmScript: plans must not be empty, got length 0");
  const broken = sbatch.find((option) => /[\r\n]/u.test(option));
  if (broken !== undefined) {
    throw new RangeError(
      `writeSlurmScript: each option of sbatch must be one line, got ${JSON.stringify(broken)}`,
    );
  }
  const threads = Math.max(...plans.map(({ settings }) => settings.engine.threads));
  const limit = maxRunning === undefined ? "" : `%${maxRunning}`;
  return [
    "#!/bin/bash",
    `# Study ${options.name} (${options.sha256.slice(0, 12)}): one cell per task.`,
    "# All arms of a seed must run on the same CPU model: select nodes with --constraint.",
    `#SBATCH --job-name=${options.name}`,
    `#SBATCH --array=0-${plans.length - 1}${limit}`,
    "#SBATCH --ntasks=1",
    `#SBATCH --cpus-per-task=${threads}`,
    `#SBATCH --mem=${options.memoryMebibytes}M`,
    `#SBATCH --output=${options.logs}/slurm-%A-%a.log`,
    ...sbatch.map((option) => `#SBATCH ${option}`),
    "set -euo pipefail",
    `cd ${options.folder}`,
    "cells=(",
    ...plans.map(({ name }) => `  ${name}`),
    ")",
    `exec ${options.command} "\${cells[$SLURM_ARRAY_TASK_ID]}" ${options.options}`,
    "",
  ].join("\n");
}
