import {
  checkExports,
  describeExport,
  exportRun,
  exportsSchema,
  InputError,
  readInput,
  type ExportSettings,
} from "@turnwise/training";
import { readConfig } from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";
import { Command, Option } from "commander";

interface ExportOptions {
  readonly to: string;
  readonly json?: boolean;
}

/** Targets that a finished run can be exported to. */
const targets = ["jsonl", "tensorboard", "mlflow"] as const;
type Target = (typeof targets)[number];

/** Unsupported targets, each with the reason and an alternative. */
const refusals: Readonly<Record<string, string>> = {
  prometheus: `metrics are served while a run trains; add {"kind": "prometheus"} to the setting exports`,
  opentelemetry: `traces need the times of a live run; add {"kind": "opentelemetry"} to the setting exports`,
  wandb:
    "the format of its offline folder is not documented; export to tensorboard and run `wandb sync FOLDER`, which uploads event files",
};

/** `turnwise export`: exports runs to other tools. */
export function buildExportCommand(): Command {
  return new Command("export")
    .description("export a run, finished or not, to another tool")
    .argument("<run>", "run folder")
    .argument(
      "[destination]",
      "folder, in which a subfolder named after the run is created (default: exports in the run folder); for mlflow, address of the server",
    )
    .addOption(
      new Option("--to <target>", "target")
        .choices([...targets, ...Object.keys(refusals)])
        .makeOptionMandatory(),
    )
    .option("--json", "print the result as JSON")
    .action(async (run: string, destination: string | undefined, options: ExportOptions) => {
      const refusal = refusals[options.to];
      if (refusal !== undefined) throw new InputError(`export: --to ${options.to}: ${refusal}`);
      // A wrong path ends the command with an error; later failures are only counted.
      await readInput(() => readConfig(createFolderSource(run)));
      const settings = toSettings(options.to as Target, destination);
      const warn = (text: string): void => void process.stderr.write(`${text}\n`);
      const report = await exportRun(run, settings, warn);
      process.stdout.write(
        `${options.json === true ? JSON.stringify(report) : describeExport(report)}\n`,
      );
      if (report.numFailed > 0) process.exitCode = 1;
    });
}

function toSettings(kind: Target, destination: string | undefined): ExportSettings {
  const place = kind === "mlflow" ? { url: destination } : { folder: destination ?? null };
  const parsed = exportsSchema.safeParse([{ kind, ...place }]);
  if (parsed.success) {
    checkExports("export: destinations", parsed.data);
    return parsed.data[0]!;
  }
  throw new InputError(
    `export: destination of ${kind} must be an http or https address, got ${destination ?? "none"}`,
  );
}
