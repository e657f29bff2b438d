/** Place of a segment in a run: the fields that a line of `metrics.jsonl` has too. */
export interface SegmentPlace {
  readonly stage: string;
  readonly iteration: number;
  readonly phase?: unknown;
  readonly split?: unknown;
  readonly mode?: unknown;
}

/**
 * Name of the files, under `trajectories/`, that hold the episodes of an iteration or an evaluation;
 * `undefined` for a stage without episodes.
 *
 * @example
 * formatSegmentName({ stage: "iteration", iteration: 7 }); // "iteration-0007"
 */
export function formatSegmentName(place: SegmentPlace): string | undefined {
  const { stage, iteration, phase, split, mode } = place;
  if (stage === "iteration") return `iteration-${String(iteration).padStart(4, "0")}`;
  if (stage !== "evaluation") return undefined;
  const moment = phase === "during" ? `during-${iteration}` : String(phase);
  return `evaluation-${moment}-${String(split)}-${String(mode)}`;
}
