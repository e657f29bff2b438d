import type { AlgorithmState } from "@turnwise/estimators";
import * as z from "zod";
import { fileDigestSchema, type FileDigests } from "../files/digests.ts";
import { readChecked } from "../files/read-checked.ts";

/** Progress of a run, as stored in its checkpoints. */
export interface RunState {
  /** Warm-start epochs that are done. */
  readonly warmStartEpochs: number;
  /** Iterations that are done. */
  readonly iterations: number;
  /** True if the evaluation before the first iteration is done, and the one after the last. */
  readonly isEvaluatedBefore: boolean;
  readonly isEvaluatedAfter: boolean;
  /** State of the algorithm, such as an adaptive coefficient; absent before the first iteration. */
  readonly algorithmState?: AlgorithmState | undefined;
}

/** State of a run that begins with records of another one. */
export interface StartState {
  readonly state: RunState;
  /** Digests of the run's logs at that point. */
  readonly logs: FileDigests;
}

const stateSchema: z.ZodType<RunState> = z.strictObject({
  warmStartEpochs: z.int().nonnegative(),
  iterations: z.int().nonnegative(),
  isEvaluatedBefore: z.boolean(),
  isEvaluatedAfter: z.boolean(),
  algorithmState: z.strictObject({ klCoefficient: z.number().nonnegative() }).optional(),
});

const startSchema: z.ZodType<StartState> = z.strictObject({
  state: stateSchema,
  logs: z.record(z.string(), fileDigestSchema),
});

/** Reads the state in a checkpoint. @throws `InputError` naming the first field that is wrong. */
export async function readState(path: string): Promise<RunState> {
  return readChecked(path, stateSchema);
}

/** Reads the state that a run began with. @throws {@link InputError} as {@link readState} does. */
export async function readStartState(path: string): Promise<StartState> {
  return readChecked(path, startSchema);
}
