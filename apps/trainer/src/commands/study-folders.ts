import { formatCount } from "@turnwise/core";
import { Command } from "commander";
import { formatDuration } from "@turnwise/training";
import {
  mergeCells,
  resolveStudyFolder,
  readStudyStatus,
  type ArmStatus,
  type StudyStatus,
} from "@turnwise/training/study";
import { addFolderOption, shortenPath, useStudy, type FolderOptions } from "./study-options.ts";

/** `turnwise study status`: prints the progress of a study. */
export function buildStatusCommand(): Command {
  const command = new Command("status")
    .description("print the finished, failed and running cells of each arm, also during a run")
    .argument("<file>", "study file");
  return addFolderOption(command)
    .option("--json", "print one JSON object")
    .action(async (path: string, { json, out }: FolderOptions & { readonly json?: boolean }) => {
      await useStudy(path, { ...(out !== undefined && { out }) }, async ({ file, folder }) => {
        const status = await readStudyStatus(file, folder);
        const text = json === true ? JSON.stringify(status) : formatStatus(status);
        process.stdout.write(`${text}\n`);
      });
    });
}

function formatStatus({ arms, failures, secondsLeft }: StudyStatus): string {
  const columns: readonly (readonly [string, (row: ArmStatus) => string])[] = [
    ["experiment", ({ experiment }) => experiment],
    ["arm", ({ arm }) => arm],
    ["finished", ({ finished, planned }) => `${finished}/${planned}`],
    ["failed", ({ failed }) => String(failed)],
    ["running", ({ running }) => String(running)],
    [
      "per cell",
      ({ meanSeconds }) => (meanSeconds === undefined ? "-" : formatDuration(meanSeconds)),
    ],
  ];
  const table = [
    columns.map(([title]) => title),
    ...arms.map((row) => columns.map(([, show]) => show(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...table.map((cells) => cells[i]!.length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  const failed = Object.entries(failures).map(([name, message]) => `${name} failed: ${message}`);
  const isDone = arms.every(({ finished, planned }) => finished === planned);
  const left =
    isDone || secondsLeft === undefined
      ? []
      : [`${formatDuration(secondsLeft)} left, one cell at a time`];
  return [...lines, ...failed, ...left].join("\n");
}

/** `turnwise study merge`: collects the cells of copies of a study in one folder. */
export function buildMergeCommand(): Command {
  return new Command("merge")
    .description("copy the cells of other study folders into one, for example to commit them")
    .argument("<into>", "study folder to copy into; created if it does not exist")
    .argument("<from...>", "study folders to copy from")
    .action(async (into: string, from: readonly string[]) => {
      const { added, equal } = await mergeCells(into, from);
      const { cells } = resolveStudyFolder(into);
      process.stdout.write(
        `${formatCount(added.length, "cell")} added, ${equal.length} already present: ${shortenPath(cells)}\n`,
      );
    });
}
