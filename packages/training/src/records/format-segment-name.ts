/** Position of a segment in a run: fields of its line in `metrics.jsonl`. */
export interface SegmentPosition {
  readonly stage: string;
  readonly iteration: number;
  readonly phase?: unknown;
  readonly split?: unknown;
  readonly mode?: unknown;
}

/**
 * Formats the name of the files below `trajectories/` for the episodes of an iteration or an
 * evaluation; `undefined` for a stage without episodes.
 *
 * @example
 * formatSegmentName({ stage: "iteration", iteration: 7 }); // "iteration-0007"
 */
export function formatSegmentName(position: SegmentPosition): string | undefined {
  const { stage, iteration, phase, split, mode } = position;
  if (stage === "iteration") return `iteration-${String(iteration).padStart(4, "0")}`;
  if (stage !== "evaluation") return undefined;
  const moment = phase === "during" ? `during-${iteration}` : String(phase);
  return `evaluation-${moment}-${String(split)}-${String(mode)}`;
}
