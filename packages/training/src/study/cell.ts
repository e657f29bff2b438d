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
  /** Study that the cell belongs to, and SHA-256 of the study file under which it ran. */
  study: z.strictObject({ name: text, sha256: digest }),
  experiment: text,
  arm: text,
  seed: count,
  /** All settings, resolved. */
  settings: z.record(z.string(), z.unknown()),
  /** SHA-256 of the settings, and of the files of the experiment's module if there is one. */
  settingsSha256: digest,
  /** Settings in which the cell differs from its experiment as published, as a tree. */
  overlay: z.record(z.string(), z.unknown()),
  /** SHA-256 of the files of the experiment's module; absent for a built-in experiment. */
  moduleSha256: digest.optional(),
  versions: z.strictObject({
    turnwise: text,
    node: text,
    /** ONNX Runtime; absent if it is not installed. */
    onnxruntime: text.optional(),
    /** Commit of the checkout that the program ran from; absent for an installed package. */
    commit: text.optional(),
  }),
  /** Operating system and architecture: `linux x64`. */
  platform: text,
  /** CPU model. Both arms of a pair run on the same model, as float results may differ between models. */
  processor: text,
};

const evaluation = z.strictObject({
  phase: z.enum(["before", "during", "after"]),
  /** Iterations before the evaluation. */
  iteration: count,
  split: text,
  mode: z.enum(["greedy", "sampled"]),
  /** `success`, `score`, `return`, `turns`, `entropy`, `episodes`, ...: see docs/metrics.md. */
  metrics,
  /** Graded and solved tasks by task type, in the order of their names. */
  byKind: z.record(z.string(), z.strictObject({ graded: count, solved: count })),
  /** SHA-256 of the ids of the tasks, in their order: equal for cells of one pair. */
  tasksSha256: digest,
  numTasks: count,
  /** One bit per task, in base64, first task in the lowest bit: solved. See `unpackTaskOutcomes`. */
  solved: z.base64(),
  /** Positions of the tasks whose episode failed and was not graded. */
  ungraded: z.array(count),
});

const finishedCell = z.strictObject({
  outcome: z.literal("finished"),
  ...identity,
  /** Identifies the shared start: warm start and first evaluation; absent if the cell computed its own. */
  startSha256: digest.optional(),
  /** Metrics of each iteration by name, 5 significant digits; `null` where one has no value. */
  training: z.record(z.string(), z.array(z.number().nullable())),
  evaluations: z.array(evaluation),
  seconds: z.strictObject({
    /** Wall-clock time of the cell, resumed parts included, without the shared start. */
    wall: z.number().nonnegative(),
    /** CPU time of the cell's processes, user and system. */
    cpu: z.number().nonnegative(),
    /** Wall-clock time of all iterations, by phase. */
    collect: z.number().nonnegative(),
    score: z.number().nonnegative(),
    update: z.number().nonnegative(),
  }),
  /** Tokens of all iterations: sampled, read as prompts, trained on. */
  tokens: z.strictObject({ sampled: count, read: count, trained: count }),
});

const failedCell = z.strictObject({
  outcome: z.literal("failed"),
  ...identity,
  /** Reason in one line. */
  message: z.string(),
});

/** Schema of a cell file, `cells/EXPERIMENT-ARM-seedN.json`. */
export const studyCellSchema: z.ZodType<StudyCell | FailedCell> = z.discriminatedUnion("outcome", [
  finishedCell,
  failedCell,
]);

/** Result of one run of a study: an experiment, an arm and a seed. */
export type StudyCell = z.output<typeof finishedCell>;

/** Evaluation of a {@link StudyCell}. */
export type CellEvaluation = z.output<typeof evaluation>;

/** Run of a study that ended with an error. Running the study again retries it. */
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
 * Unpacks the outcome of each task of an evaluation, in the order of the tasks: solved, not solved, or
 * `undefined` for a task whose episode failed and was not graded.
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

/** Checks a cell. @param source - Name of the file, for messages. @throws `InputError` */
export function checkCell(value: unknown, source: string): StudyCell | FailedCell {
  const result = studyCellSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(describeIssue(studyCellSchema, source, result.error.issues[0]!, value));
}

/** Reads a cell file. @throws `InputError` naming the file and the field that is wrong. */
export async function readCell(path: string): Promise<StudyCell | FailedCell> {
  return checkCell(await readJson(path), path);
}
