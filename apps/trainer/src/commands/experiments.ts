import type { Stated } from "@turnwise/estimators";
import {
  builtInExperiments,
  createUnknownExperimentError,
  type ExperimentEntry,
} from "@turnwise/training";
import { Command } from "commander";

/** `turnwise experiments`: lists the built-in experiments. */
export function buildExperimentsCommand(): Command {
  return new Command("experiments")
    .description("list the built-in experiments with their requirements")
    .argument("[name]", "print only this experiment, with its hyper-parameters")
    .option("--json", "print one JSON object per line")
    .action((name: string | undefined, { json }: { readonly json?: boolean }) => {
      const entries = builtInExperiments.filter(
        (entry) => name === undefined || entry.name === name,
      );
      if (entries.length === 0) throw createUnknownExperimentError(name);
      if (json === true) {
        for (const { create: _, ...entry } of entries) {
          process.stdout.write(`${JSON.stringify(entry)}\n`);
        }
        return;
      }
      const width = Math.max(...entries.map((entry) => entry.name.length));
      for (const entry of entries) {
        process.stdout.write(`${entry.name.padEnd(width)}  ${entry.description}\n`);
        process.stdout.write(`${" ".repeat(width)}  needs ${entry.needs.join(", ")}\n`);
        if (name !== undefined) process.stdout.write(formatPaper(entry));
      }
      if (name === undefined) {
        process.stdout.write(
          "\nrun one: turnwise train NAME; print every setting: turnwise config explain NAME\n",
        );
      }
    });
}

/** Formats the hyper-parameters of a result in the paper, each with the certainty of its value. */
function formatPaper({ paper }: ExperimentEntry): string {
  if (paper === undefined) return "";
  const stated = Object.entries(paper.setting).flatMap(([field, value]) =>
    typeof value === "string" ? [] : [[field, value as Stated<unknown>] as const],
  );
  const lines = stated.map(
    ([field, { value, certainty }]) =>
      `  ${field.padEnd(24)} ${String(value).padEnd(12)} ${certainties[certainty]}`,
  );
  const results = paper.reported.map(
    ({ measure, value, certainty }) =>
      `  ${`paper's ${measure}`.padEnd(24)} ${`${value} %`.padEnd(12)} ${certainties[certainty]}`,
  );
  return `${[...lines, ...(results.length > 0 ? results : ["  no reported result was found for this experiment"])].join("\n")}\n`;
}

const certainties: Readonly<Record<Stated<unknown>["certainty"], string>> = {
  paper: "stated in the paper",
  reading: "from third-party summaries of the paper",
  framework: "default of the framework; the authors' value is unknown",
};
