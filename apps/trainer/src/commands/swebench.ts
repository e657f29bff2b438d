import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { decodeText } from "@turnwise/core";
import {
  grade,
  officialReport,
  selectInstances,
  type Grade,
  type SweInstance,
} from "@turnwise/envs/swebench";
import { Command, Option } from "commander";
import { InputError, readInput } from "@turnwise/training";
import { repeated, wholeNumber } from "./arguments.ts";
import {
  gradePredictions,
  withPredictionOptions,
  type PredictionOptions,
} from "./swebench-predictions.ts";
import { readRows, withRowOptions, type RowOptions } from "./swebench-rows.ts";
import { readText } from "./read-text.ts";
import { demoCommand } from "./swebench-demo.ts";
import { validateCommand } from "./swebench-validate.ts";

/** `turnwise swebench`: software-engineering tasks. Grading and listing need no container engine. */
export function swebenchCommand(): Command {
  return new Command("swebench")
    .description("software-engineering tasks: list, grade, validate, demonstrate")
    .addCommand(instancesCommand())
    .addCommand(gradeCommand())
    .addCommand(validateCommand())
    .addCommand(demoCommand());
}

interface InstancesOptions extends RowOptions {
  readonly instances: string;
  readonly id?: readonly string[];
  readonly repo?: readonly string[];
  readonly difficulty?: readonly string[];
  readonly seed?: number;
  readonly limit?: number;
  readonly script?: boolean;
  readonly json?: boolean;
}

function instancesCommand(): Command {
  return withRowOptions(new Command("instances").description("list the instances of a file"))
    .requiredOption("--instances <file>", "JSON lines, JSON or parquet; JSON also with gzip")
    .option("--id <pattern>", "only these ids, * for any text; may be repeated", repeated)
    .option("--repo <pattern>", "only these repositories; may be repeated", repeated)
    .option("--difficulty <name>", "only this difficulty; may be repeated", repeated)
    .addOption(new Option("--seed <number>", "shuffle by this seed").argParser(wholeNumber))
    .addOption(new Option("--limit <number>", "at most that many").argParser(wholeNumber))
    .option("--script", "print the evaluation script of each instead")
    .option("--json", "print one JSON object a line, with everything")
    .action(async (options: InstancesOptions) => {
      const { instances, numSkipped } = await readRows(options.instances, options);
      const chosen = selectInstances(instances, {
        ...(options.id && { ids: options.id }),
        ...(options.repo && { repos: options.repo }),
        ...(options.difficulty && { difficulties: options.difficulty }),
        ...(options.seed !== undefined && { seed: options.seed }),
        ...(options.limit !== undefined && { limit: options.limit }),
      });
      for (const instance of chosen) process.stdout.write(`${instanceText(instance, options)}\n`);
      if (options.json === true || options.script === true) return;
      const skipped = numSkipped > 0 ? `, ${numSkipped} rows left out` : "";
      process.stdout.write(`${chosen.length} of ${instances.length} instances${skipped}\n`);
    });
}

function instanceText(instance: SweInstance, { json, script }: InstancesOptions): string {
  if (json === true) return JSON.stringify(instance);
  if (script === true) {
    if (instance.format === "swe-bench") return instance.evalScript;
    throw new InputError(
      `swebench instances: --script must be asked of SWE-bench rows, got ${instance.id} of ${instance.format}`,
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
  /** False for `--no-patch`. */
  readonly patch: boolean;
}

function gradeCommand(): Command {
  const command = new Command("grade")
    .description("grade the log of an evaluation, or evaluate the patches of a file and grade them")
    .requiredOption("--instances <file>", "JSON lines, JSON or parquet; JSON also with gzip")
    .option("--id <instance>", "with --log: the evaluated instance")
    .option("--log <file>", "output of the evaluation script, also with gzip; - reads it")
    .option("--no-patch", "with --log: the prediction had no patch (null)")
    .option(
      "--predictions <file>",
      "{instance_id, model_patch} as JSON lines, a JSON list or an object by id; needs a container engine",
    )
    .option("--json", "print records as JSON");
  return withPredictionOptions(withRowOptions(command)).action(async (options: GradeOptions) => {
    const { id, log, predictions } = options;
    if ((predictions === undefined) === (log === undefined)) {
      throw new InputError("swebench grade: one of --log and --predictions must be given");
    }
    const { instances } = await readRows(options.instances, options);
    if (predictions !== undefined) {
      await gradePredictions(predictions, instances, options);
      return;
    }
    const instance = instances.find((candidate) => candidate.id === id);
    if (instance === undefined) {
      throw new InputError(
        `swebench grade: --id must name an instance of ${options.instances} (${instances.length}, such as ${instances[0]!.id}), got ${id}`,
      );
    }
    const text = await readInput(() => readLog(log!));
    const verdict = grade(instance, text, options.patch ? {} : { patch: null });
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(gradeRecord(instance, verdict), null, 2)}\n`
        : gradeText(instance, verdict),
    );
  });
}

async function readLog(path: string): Promise<string> {
  if (path === "-") return readText(path, { invalid: "replace" });
  let bytes: Buffer = await readFile(path).catch((cause: Error) => {
    throw new Error(`${path}: log must be readable, got ${cause.message}`);
  });
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = await promisify(gunzip)(bytes).catch((cause: Error) => {
      throw new Error(`${path}: log must be whole gzip, got ${cause.message}`);
    });
  }
  // Tests may print any bytes.
  return decodeText(bytes, path, { invalid: "replace" });
}

/** The record of a grade, under the names that SWE-bench's own reports use. */
function gradeRecord(instance: SweInstance, verdict: Grade): Readonly<Record<string, unknown>> {
  return {
    instance_id: instance.id,
    format: instance.format,
    verdict: verdictOf(verdict),
    found: verdict.isFound,
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    resolved: verdict.isResolved,
    resolution: `RESOLVED_${verdict.resolution.toUpperCase()}`,
    reward: verdict.reward,
    report: officialReport(verdict),
    status_map: Object.fromEntries(verdict.statuses),
  };
}

function verdictOf(verdict: Grade): "resolved" | "unresolved" | "infrastructure failure" {
  if (verdict.isInfrastructureFailure) return "infrastructure failure";
  return verdict.isResolved ? "resolved" : "unresolved";
}

function gradeText(instance: SweInstance, verdict: Grade): string {
  const reasons = [verdict.reason, verdict.infrastructureReason].filter(Boolean).join(", ");
  const lines = [`${instance.id}: ${verdictOf(verdict)}${reasons && ` (${reasons})`}`];
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
