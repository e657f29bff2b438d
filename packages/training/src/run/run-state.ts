import type { AlgorithmState } from "@turnwise/estimators";
import * as z from "zod";
import { fileDigestSchema, type FileDigests } from "../files/digests.ts";
import { readChecked } from "../files/read-checked.ts";

/** Progress of a run, as stored in its checkpoints. */
export interface RunState {
  /** Number of completed warm-start epochs. */
  readonly warmStartEpochs: number;
  /** Number of completed iterations. */
  readonly iterations: number;
  /**
   * True if the evaluation before the first iteration is complete. `isEvaluatedAfter` is true if the
   * final evaluation is complete.
   */
  readonly isEvaluatedBefore: boolean;
  readonly isEvaluatedAfter: boolean;
  /**
   * State of the algorithm, such as an adaptive KL coefficient; absent before the first iteration.
   */
  readonly algorithmState?: AlgorithmState | undefined;
}

/** Initial state of a run that starts with the records of another run. */
export interface StartState {
  readonly state: RunState;
  /** Digests of the run's logs in that state. */
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

/** Reads the state in a checkpoint. @throws `InputError` naming the first invalid field. */
export async function readState(path: string): Promise<RunState> {
  return readChecked(path, stateSchema);
}

/** Reads the state with which the run started. @throws The errors of {@link readState}. */
export async function readStartState(path: string): Promise<StartState> {
  return readChecked(path, startSchema);
}
