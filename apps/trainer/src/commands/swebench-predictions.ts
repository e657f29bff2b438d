import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  ContainerError,
  evaluatePatch,
  loadPredictions,
  officialReport,
  runReport,
  type ContainerPool,
  type Evaluation,
  type GradingMode,
  type Prediction,
  type PredictionResult,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { InputError, readInput } from "@turnwise/training";
import { Option, type Command } from "commander";
import { runOnEach, addEngineOptions, useEngines, type EngineOptions } from "./swebench-engines.ts";

/** Options for the evaluation of predictions. */
export interface PredictionOptions extends EngineOptions {
  readonly grading: GradingMode;
  readonly report?: string;
  readonly logs?: string;
  readonly json?: boolean;
}

/** Adds {@link PredictionOptions} to a command. */
export function addPredictionOptions(command: Command): Command {
  return addEngineOptions(
    command.addOption(
      new Option("--grading <mode>", "official: like the official harness; strict: as in training")
        .choices(["official", "strict"])
        .default("official"),
    ),
  )
    .option("--report <file>", "write a report in the official format")
    .option(
      "--logs <folder>",
      "keep patch, log and report of each prediction, in SWE-bench's layout",
    );
}

/** Evaluates the patches of a file, prints a line for each, and writes the report. */
export async function gradePredictions(
  path: string,
  instances: readonly SweInstance[],
  options: PredictionOptions,
): Promise<void> {
  const predictions = await readInput(() => loadPredictions(path));
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  const unknown = predictions.find(({ instanceId }) => !byId.has(instanceId));
  if (unknown !== undefined) {
    throw new InputError(
      `${path}: instance_id must be the id of one of ${instances.length} instances, such as ${instances[0]!.id}, got ${unknown.instanceId}`,
    );
  }
  const results = new Map<string, PredictionResult>();
  const predicted = predictions.map(({ instanceId }) => byId.get(instanceId)!);
  await useEngines("swebench grade", predicted, options, (pool) =>
    runOnEach(predictions, options, async (prediction) => {
      const instance = byId.get(prediction.instanceId)!;
      results.set(prediction.instanceId, await gradeOne(prediction, instance, pool, options));
    }),
  );
  const report = runReport([...byId.keys()], results);
  if (options.report !== undefined) {
    await writeFile(options.report, `${JSON.stringify(report, null, 4)}\n`);
  }
  if (options.json === true) return;
  process.stdout.write(
    `${report.resolved_instances} resolved, ${report.unresolved_instances} unresolved, ` +
      `${report.empty_patch_instances} without a patch, ${report.error_instances} failed, ` +
      `of ${report.submitted_instances} predictions\n`,
  );
}

async function gradeOne(
  prediction: Prediction,
  instance: SweInstance,
  pool: ContainerPool,
  options: PredictionOptions,
): Promise<PredictionResult> {
  const { instanceId, patch } = prediction;
  const say = (result: PredictionResult, details: Readonly<Record<string, unknown>>): void => {
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ instance_id: instanceId, result, ...details })}\n`
        : `${instanceId.padEnd(36)} ${result.padEnd(10)} ${formatDetails(details)}`.trimEnd() +
            "\n",
    );
  };
  if (patch === null || patch.trim() === "") {
    say("empty", {});
    return "empty";
  }
  let evaluation: Evaluation;
  try {
    const { grading, network } = options;
    evaluation = await evaluatePatch(instance, patch, pool, { grading, container: { network } });
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    say("error", { reason: `${error.kind}: ${error.message}` });
    return "error";
  }
  const { grade, suspicions } = evaluation;
  if (options.logs !== undefined) await keepLogs(options.logs, prediction, evaluation);
  const result = grade.isResolved ? "resolved" : "unresolved";
  say(result, {
    ...(grade.reason !== undefined && { reason: grade.reason }),
    ...(suspicions.length > 0 && { suspicions }),
  });
  return result;
}

function formatDetails({ reason, suspicions }: Readonly<Record<string, unknown>>): string {
  const kinds = Array.isArray(suspicions)
    ? (suspicions as Evaluation["suspicions"]).map(({ kind, detail }) => `${kind}: ${detail}`)
    : [];
  return [...(typeof reason === "string" ? [reason] : []), ...kinds].join("; ");
}

/** Writes the files of one prediction in SWE-bench's layout; the log is compressed. */
async function keepLogs(
  root: string,
  { model, instanceId, patch }: Prediction,
  { grade, grading, suspicions, restored, log }: Evaluation,
): Promise<void> {
  const safe = (name: string): string =>
    name.replaceAll("/", "__").replaceAll(/[^\w.@+-]|^\.+/gu, "_");
  const folder = join(root, safe(model), safe(instanceId));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "patch.diff"), patch ?? "");
  await writeFile(join(folder, "test_output.txt.gz"), gzipSync(log));
  const report = {
    [instanceId]: { ...officialReport(grade), grading, suspicions, restored },
  };
  await writeFile(join(folder, "report.json"), `${JSON.stringify(report, null, 4)}\n`);
}
