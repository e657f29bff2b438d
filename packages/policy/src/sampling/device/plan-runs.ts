import type { StepResult } from "./device-programs.ts";

/** Consecutive new tokens of one sequence, which share a row of context in a run. */
export interface Piece {
  readonly job: number;
  /** Index of the first token of the piece within the job. */
  readonly start: number;
  readonly count: number;
  /** Number of pages of the context, including the piece's own tokens. */
  readonly numPages: number;
  /** Number of tokens in the piece that have an output. */
  readonly numOutputs: number;
}

/** Pieces that one run of a program computes. */
export interface StepRun {
  readonly isTiled: boolean;
  readonly result: StepResult;
  readonly pieces: readonly Piece[];
}

/** Limits of a run. */
export interface RunLimits {
  /** Maximum number of context pages over all rows; they are gathered for each layer. */
  readonly maxContextPages: number;
  /**
   * Maximum sum over rows of queries times pages; each product is the number of scores per head.
   */
  readonly maxQueryPages: number;
  /** Maximum number of tokens with an output; each needs a row of logits. */
  readonly maxOutputs: number;
  /** Number of padding pages that cost less than reading the weights again. */
  readonly maxPadding: number;
}

/** Maximum number of new tokens per row of context. */
export const tileTokens = 64;

/** Job as an input of {@link planRuns}. */
export interface PlannedJob {
  /** Number of filled positions before the job. */
  readonly start: number;
  readonly numQueries: number;
  readonly result: StepResult;
  /** Tokens of the job that have an output. */
  readonly outputs: "all" | "last" | "none";
}

/** Splits a job into pieces, in order. */
function splitJob(
  { start: filled, numQueries, outputs }: PlannedJob,
  job: number,
  pagesOf: (numPositions: number) => number,
): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < numQueries; start += tileTokens) {
    const count = Math.min(tileTokens, numQueries - start);
    const isLast = start + count === numQueries;
    pieces.push({
      job,
      start,
      count,
      numPages: pagesOf(filled + start + count),
      numOutputs: outputs === "all" ? count : outputs === "last" && isLast ? 1 : 0,
    });
  }
  return pieces;
}

/**
 * Divides a step into runs. Pieces of a job stay in order: a later piece is in the same run or a
 * later one. (Within a run, all keys are written before any key is read.) Sequences with short and
 * with long contexts are separated where padding would cost more than another run.
 */
export function planRuns(
  jobs: readonly PlannedJob[],
  pagesOf: (numPositions: number) => number,
  limits: RunLimits,
): StepRun[] {
  const groups = new Map<string, { isTiled: boolean; result: StepResult; pieces: Piece[] }>();
  jobs.forEach((planned, job) => {
    const { result } = planned;
    const isTiled = planned.numQueries > 1 || planned.outputs === "none";
    const key = `${result} ${isTiled}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { isTiled, result, pieces: [] }));
    group.pieces.push(...splitJob(planned, job, pagesOf));
  });
  const runs: StepRun[] = [];
  for (const { isTiled, result, pieces } of groups.values()) {
    // The sort is stable, and a later piece of a job has at least as many pages as an earlier one.
    pieces.sort((a, b) => a.numPages - b.numPages);
    let begin = 0;
    let numOutputs = 0;
    let numPages = 0;
    let longest = 0;
    pieces.forEach((piece, index) => {
      const size = index - begin + 1;
      longest = Math.max(longest, piece.count);
      numPages += piece.numPages;
      numOutputs += piece.numOutputs;
      const isFull =
        size * piece.numPages > limits.maxContextPages ||
        size * piece.numPages * longest > limits.maxQueryPages ||
        size * piece.numPages - numPages > limits.maxPadding ||
        numOutputs > limits.maxOutputs;
      if (!isFull || size === 1) return;
      runs.push({ isTiled, result, pieces: pieces.slice(begin, index) });
      begin = index;
      [numPages, numOutputs, longest] = [piece.numPages, piece.numOutputs, piece.count];
    });
    runs.push({ isTiled, result, pieces: pieces.slice(begin) });
  }
  return runs;
}
