import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  ContainerError,
  ContainerPool,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  evaluatePatch,
  loadPredictions,
  officialReport,
  runReport,
  type Evaluation,
  type GradingMode,
  type Prediction,
  type PredictionResult,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { InputError, reading } from "@turnwise/training";
import { Option, type Command } from "commander";
import { positiveNumber, repeated } from "./arguments.ts";

/** Options on how predictions are evaluated. */
export interface PredictionOptions {
  readonly grading: GradingMode;
  readonly host?: readonly string[];
  readonly containers: number;
  readonly pull: "missing" | "never";
  readonly network: "none" | "bridge";
  readonly report?: string;
  readonly logs?: string;
  readonly json?: boolean;
}

/** Adds {@link PredictionOptions} to a command. */
export function withPredictionOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--grading <mode>", "as the official harness, or strict as in training")
        .choices(["official", "strict"])
        .default("official"),
    )
    .option(
      "--host <address>",
      "a container engine (default: DOCKER_HOST); may be repeated",
      repeated,
    )
    .addOption(
      new Option("--containers <number>", "containers that each engine runs at once")
        .argParser(positiveNumber)
        .default(2),
    )
    .addOption(new Option("--pull <when>").choices(["missing", "never"]).default("missing"))
    .addOption(
      new Option("--network <kind>", "of the tests").choices(["none", "bridge"]).default("none"),
    )
    .option("--report <file>", "write the report in the official form")
    .option(
      "--logs <folder>",
      "keep patch, log and report of each prediction, in SWE-bench's layout",
    );
}

/** Evaluates the patches of a file, prints a line each, and writes the report. */
export async function gradePredictions(
  path: string,
  instances: readonly SweInstance[],
  options: PredictionOptions,
): Promise<void> {
  const predictions = await reading(() => loadPredictions(path));
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  const unknown = predictions.find(({ instanceId }) => !byId.has(instanceId));
  if (unknown !== undefined) {
    throw new InputError(
      `${path}: instance_id must name one of ${instances.length} instances, such as ${instances[0]!.id}, got ${unknown.instanceId}`,
    );
  }
  const results = new Map<string, PredictionResult>();
  const engines: DockerEngine[] = [];
  try {
    for (const address of options.host ?? [undefined]) {
      const engine = await DockerEngine.connect({
        pull: options.pull,
        ...(address !== undefined && { address }),
      });
      engines.push(engine);
      const demo = demoTasks.filter(({ instance }) =>
        predictions.some(({ instanceId }) => instance.image === byId.get(instanceId)!.image),
      );
      await ensureDemoImages(engine, demo);
    }
    const pool = new ContainerPool(
      engines.map((engine) => ({ engine, maxContainers: options.containers })),
    );
    const queue = [...predictions];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await gradeOne(next, byId.get(next.instanceId)!, pool, options);
        results.set(next.instanceId, result);
      }
    };
    await Promise.all(Array.from({ length: options.containers * engines.length }, worker));
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`swebench grade: ${error.message}`, { cause: error });
  } finally {
    await Promise.all(engines.map(async (engine) => engine.close()));
  }
  const report = runReport([...byId.keys()], results);
  if (options.report !== undefined) {
    await writeFile(options.report, `${JSON.stringify(report, null, 4)}\n`);
  }
  if (options.json === true) return;
  process.stdout.write(
    `${report.resolved_instances} resolved, ${report.unresolved_instances} not, ` +
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
        : `${instanceId.padEnd(36)} ${result.padEnd(10)} ${textOf(details)}`.trimEnd() + "\n",
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

function textOf({ reason, suspicions }: Readonly<Record<string, unknown>>): string {
  const kinds = Array.isArray(suspicions)
    ? (suspicions as Evaluation["suspicions"]).map(({ kind, detail }) => `${kind}: ${detail}`)
    : [];
  return [...(typeof reason === "string" ? [reason] : []), ...kinds].join("; ");
}

/** Files of one prediction, as SWE-bench lays them out; the log is packed. */
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
