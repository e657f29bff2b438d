import { z } from "zod";
import { describeIssue } from "../settings/describe-issue.ts";
import { InputError } from "../input-error.ts";
import { readJson } from "../files/read-json.ts";
import { unpackBits } from "./pack-bits.ts";

const count = z.int().nonnegative();
const text = z.string().min(1);
const digest = z.string().regex(/^[0-9a-f]{64}$/u, "must be a SHA-256 in hexadecimal");
const metrics = z.record(z.string(), z.number());

/** Origin of a cell: study, settings, versions and machine. */
const identity = {
  version: z.literal(1),
  /** Study of the cell, and SHA-256 of the study file when the cell ran. */
  study: z.strictObject({ name: text, sha256: digest }),
  experiment: text,
  arm: text,
  seed: count,
  /** All settings with defaults filled in. */
  settings: z.record(z.string(), z.unknown()),
  /** SHA-256 of the settings, and of the files of the experiment's module if there is one. */
  settingsSha256: digest,
  /** Settings in which the cell differs from the published experiment, as a tree. */
  overlay: z.record(z.string(), z.unknown()),
  /** SHA-256 of the files of the experiment's module; absent for a built-in experiment. */
  moduleSha256: digest.optional(),
  versions: z.strictObject({
    turnwise: text,
    node: text,
    /** Version of ONNX Runtime; absent if it is not installed. */
    onnxruntime: text.optional(),
    /** Git commit of the program's checkout; absent for an installed package. */
    commit: text.optional(),
  }),
  /** Operating system and architecture: `linux x64`. */
  platform: text,
  /**
   * CPU model. Both arms of a pair run on the same model, because floating-point results may differ
   * between models.
   */
  processor: text,
};

const evaluation = z.strictObject({
  phase: z.enum(["before", "during", "after"]),
  /** Number of iterations before the evaluation. */
  iteration: count,
  split: text,
  mode: z.enum(["greedy", "sampled"]),
  /** `success`, `score`, `return`, `turns`, `entropy`, `episodes`, ...: see docs/metrics.md. */
  metrics,
  /** Number of graded and solved tasks by task type, ordered by name. */
  byKind: z.record(z.string(), z.strictObject({ graded: count, solved: count })),
  /** SHA-256 of the task ids, in order; equal for both cells of a pair. */
  tasksSha256: digest,
  numTasks: count,
  /** Bit set of solved tasks in base64, first task in the lowest bit. See `unpackTaskOutcomes`. */
  solved: z.base64(),
  /** Indices of the tasks whose episode failed and was therefore not graded. */
  ungraded: z.array(count),
});

const finishedCell = z.strictObject({
  outcome: z.literal("finished"),
  ...identity,
  /**
   * Digest that identifies the shared start (warm start and first evaluation); absent if the cell
   * computed its own.
   */
  startSha256: digest.optional(),
  /**
   * Metrics of each iteration by name, 5 significant digits; `null` if an iteration has no value.
   */
  training: z.record(z.string(), z.array(z.number().nullable())),
  evaluations: z.array(evaluation),
  seconds: z.strictObject({
    /** Wall-clock time of the cell including resumed parts, without the shared start, seconds. */
    wall: z.number().nonnegative(),
    /** CPU time of the cell's processes, user and system, seconds. */
    cpu: z.number().nonnegative(),
    /** Wall-clock time of all iterations by phase, seconds. */
    collect: z.number().nonnegative(),
    score: z.number().nonnegative(),
    update: z.number().nonnegative(),
  }),
  /** Number of tokens in all iterations: sampled, read as prompts, and trained on. */
  tokens: z.strictObject({ sampled: count, read: count, trained: count }),
});

const failedCell = z.strictObject({
  outcome: z.literal("failed"),
  ...identity,
  /** Reason of the failure in one line. */
  message: z.string(),
});

/** Schema of a cell file, `cells/EXPERIMENT-ARM-seedN.json`. */
export const studyCellSchema: z.ZodType<StudyCell | FailedCell> = z.discriminatedUnion("outcome", [
  finishedCell,
  failedCell,
]);

/** Result of a finished run of a study: experiment, arm and seed. */
export type StudyCell = z.output<typeof finishedCell>;

/** Evaluation of a {@link StudyCell}. */
export type CellEvaluation = z.output<typeof evaluation>;

/** Run of a study that ended with an error; running the study again retries it. */
export type FailedCell = z.output<typeof failedCell>;

/** Formats the name of a cell: `alfworld-grpo-aem-seed3`. */
export function formatCellName({
  experiment,
  arm,
  seed,
}: Pick<StudyCell, "experiment" | "arm" | "seed">): string {
  return `${experiment}-${arm}-seed${seed}`;
}

/**
 * Unpacks the outcome of each task of an evaluation, in task order: true if solved, false if not,
 * `undefined` if the episode failed and was therefore not graded.
 */
export function unpackTaskOutcomes({
  numTasks,
  solved,
  ungraded,
}: Pick<CellEvaluation, "numTasks" | "solved" | "ungraded">): (boolean | undefined)[] {
  const outcomes: (boolean | undefined)[] = unpackBits(solved, numTasks);
  for (const i of ungraded) outcomes[i] = undefined;
  return outcomes;
}

/**
 * Checks a cell.
 * @param source - Name of the file, for messages.
 * @throws `InputError` naming the invalid field.
 */
export function checkCell(value: unknown, source: string): StudyCell | FailedCell {
  const result = studyCellSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(describeIssue(studyCellSchema, source, result.error.issues[0]!, value));
}

/** Reads a cell file. @throws `InputError` naming the file and the invalid field. */
export async function readCell(path: string): Promise<StudyCell | FailedCell> {
  return checkCell(await readJson(path), path);
}
