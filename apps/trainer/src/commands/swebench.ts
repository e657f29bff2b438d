import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { formatCount, decodeText } from "@turnwise/core";
import {
  grade,
  officialReport,
  selectInstances,
  type Grade,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { Command } from "commander";
import { InputError, readInput } from "@turnwise/training";
import { collectValue } from "./arguments.ts";
import {
  gradePredictions,
  addPredictionOptions,
  type PredictionOptions,
} from "./swebench-predictions.ts";
import {
  addFilterOptions,
  addRowOptions,
  readFilter,
  readRows,
  type FilterOptions,
  type RowOptions,
} from "./swebench-rows.ts";
import { readText } from "./read-text.ts";
import { buildHarborCommand } from "./swebench-harbor.ts";
import { buildDemoCommand } from "./swebench-demo.ts";
import { buildValidateCommand } from "./swebench-validate.ts";

/**
 * `turnwise swebench`: manages software-engineering tasks. Grading and listing need no container
 * engine.
 */
export function buildSwebenchCommand(): Command {
  return new Command("swebench")
    .description("list, grade, validate, export and demonstrate software-engineering tasks")
    .addCommand(buildInstancesCommand())
    .addCommand(buildGradeCommand())
    .addCommand(buildValidateCommand())
    .addCommand(buildHarborCommand())
    .addCommand(buildDemoCommand());
}

interface InstancesOptions extends RowOptions, FilterOptions {
  readonly instances: string;
  readonly difficulty?: readonly string[];
  readonly script?: boolean;
  readonly json?: boolean;
}

function buildInstancesCommand(): Command {
  const command = addRowOptions(new Command("instances"))
    .description("list the instances of a file")
    .requiredOption(
      "--instances <file>",
      "instances as JSON lines, JSON or Parquet; JSON may be gzipped",
    );
  return addFilterOptions(command)
    .option("--difficulty <name>", "only this difficulty; may be repeated", collectValue)
    .option("--script", "print the evaluation script of each instance instead of the list")
    .option("--json", "print one JSON object per line, with all fields")
    .action(async (options: InstancesOptions) => {
      const { instances, numSkipped } = await readRows(options.instances, options);
      const chosen = selectInstances(instances, {
        ...readFilter(options),
        ...(options.difficulty && { difficulties: options.difficulty }),
      });
      for (const instance of chosen) process.stdout.write(`${formatInstance(instance, options)}\n`);
      if (options.json === true || options.script === true) return;
      const skipped = numSkipped > 0 ? `, ${formatCount(numSkipped, "row")} skipped` : "";
      process.stdout.write(`${chosen.length} of ${instances.length} instances${skipped}\n`);
    });
}

function formatInstance(instance: SweInstance, { json, script }: InstancesOptions): string {
  if (json === true) return JSON.stringify(instance);
  if (script === true) {
    if (instance.format === "swe-bench") return instance.evalScript;
    throw new InputError(
      `swebench instances: --script needs SWE-bench rows, got ${instance.id} in format ${instance.format}`,
    );
  }
  const tests =
    instance.format === "r2e-gym"
      ? `${instance.expectedStatuses.length} tests`
      : `${instance.failToPass.length} to fix, ${instance.passToPass.length} to keep`;
  return `${instance.id.padEnd(36)} ${instance.format.padEnd(10)} ${tests.padEnd(26)} ${instance.image}`;
}

interface GradeOptions extends RowOptions, PredictionOptions {
  readonly instances: string;
  readonly id?: string;
  readonly log?: string;
  readonly predictions?: string;
  /** `false` if `--no-patch` is given. */
  readonly patch: boolean;
}

function buildGradeCommand(): Command {
  const command = new Command("grade")
    .description("grade an evaluation log, or evaluate and grade the patches of predictions")
    .requiredOption(
      "--instances <file>",
      "instances as JSON lines, JSON or Parquet; JSON may be gzipped",
    )
    .option("--id <instance>", "id of the evaluated instance, with --log")
    .option(
      "--log <file>",
      "output of the evaluation script, may be gzipped; - reads standard input",
    )
    .option("--no-patch", "grade a prediction without a patch (model_patch: null), with --log")
    .option(
      "--predictions <file>",
      "predictions {instance_id, model_patch} as JSON lines, a JSON list or an object by id; needs a container engine",
    )
    .option("--json", "print records as JSON");
  return addPredictionOptions(addRowOptions(command)).action(async (options: GradeOptions) => {
    const { id, log, predictions } = options;
    if ((predictions === undefined) === (log === undefined)) {
      throw new InputError("swebench grade: --log or --predictions must be given");
    }
    const { instances } = await readRows(options.instances, options);
    if (predictions !== undefined) {
      await gradePredictions(predictions, instances, options);
      return;
    }
    const instance = instances.find((candidate) => candidate.id === id);
    if (instance === undefined) {
      throw new InputError(
        `swebench grade: --id must be the id of one of the ${instances.length} instances of ${options.instances}, such as ${instances[0]!.id}, got ${id}`,
      );
    }
    const text = await readInput(() => readLog(log!));
    const verdict = grade(instance, text, options.patch ? {} : { patch: null });
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(createRecord(instance, verdict), null, 2)}\n`
        : formatGrade(instance, verdict),
    );
  });
}

async function readLog(path: string): Promise<string> {
  if (path === "-") return readText(path, { invalid: "replace" });
  let bytes: Buffer = await readFile(path).catch((cause: Error) => {
    throw new Error(`${path}: log cannot be read: ${cause.message}`);
  });
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = await promisify(gunzip)(bytes).catch((cause: Error) => {
      throw new Error(`${path}: log is not complete gzip data: ${cause.message}`);
    });
  }
  // Decode as Latin-1, because tests may print any bytes.
  return decodeText(bytes, path, { invalid: "replace" });
}

/** Creates the record of a grade, with the field names of SWE-bench's own reports. */
function createRecord(instance: SweInstance, verdict: Grade): Readonly<Record<string, unknown>> {
  return {
    instance_id: instance.id,
    format: instance.format,
    verdict: nameVerdict(verdict),
    found: verdict.isFound,
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    resolved: verdict.isResolved,
    resolution: `RESOLVED_${verdict.resolution.toUpperCase()}`,
    reward: verdict.reward,
    report: officialReport(verdict),
    status_map: Object.fromEntries(verdict.statuses),
  };
}

function nameVerdict(verdict: Grade): "resolved" | "unresolved" | "infrastructure failure" {
  if (verdict.isInfrastructureFailure) return "infrastructure failure";
  return verdict.isResolved ? "resolved" : "unresolved";
}

function formatGrade(instance: SweInstance, verdict: Grade): string {
  const reasons = [verdict.reason, verdict.infrastructureReason].filter(Boolean).join(", ");
  const lines = [`${instance.id}: ${nameVerdict(verdict)}${reasons && ` (${reasons})`}`];
  for (const [name, lists] of [
    ["to fix", verdict.tests?.failToPass],
    ["to keep", verdict.tests?.passToPass],
  ] as const) {
    if (lists === undefined) continue;
    const total = lists.success.length + lists.failure.length;
    lines.push(`tests ${name}: ${lists.success.length} of ${total}`);
    lines.push(...lists.failure.map((test) => `  not passed: ${test}`));
  }
  lines.push(`tests in the log: ${verdict.statuses.size}`);
  return `${lines.join("\n")}\n`;
}
