import type { StepResult } from "./device-programs.ts";

/** Consecutive new tokens of one sequence, which one row of a run's context belongs to. */
export interface Piece {
  readonly job: number;
  /** The first of them, counted within the job. */
  readonly start: number;
  readonly count: number;
  /** Pages that hold its context, its own tokens included. */
  readonly numPages: number;
  /** Behind how many of its tokens something is wanted: all, the last, or none. */
  readonly numWanted: number;
}

/** What one program computes at once. */
export interface StepRun {
  readonly isTiled: boolean;
  readonly result: StepResult;
  readonly pieces: readonly Piece[];
}

/** What a run may take. */
export interface RunLimits {
  /** Pages of context, over all rows: they are gathered for each layer. */
  readonly maxContextPages: number;
  /** Products of queries and pages, over all rows: each makes scores in all heads. */
  readonly maxQueryPages: number;
  /** Tokens behind which something is wanted: each makes a row of logits. */
  readonly maxWanted: number;
  /** Pages that rows may be padded with rather than read the weights once more. */
  readonly maxPadding: number;
}

/** The most new tokens in a row of a context. */
export const tileTokens = 64;

/** A job as {@link planRuns} sees it. */
export interface PlannedJob {
  /** Positions that are filled. */
  readonly start: number;
  readonly numQueries: number;
  readonly result: StepResult;
  /** Whether something is wanted behind all tokens, behind the last, or behind none. */
  readonly wanted: "all" | "last" | "none";
}

/** Cuts a job into pieces, in order. */
function piecesOf(
  { start: filled, numQueries, wanted }: PlannedJob,
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
      numWanted: wanted === "all" ? count : wanted === "last" && isLast ? 1 : 0,
    });
  }
  return pieces;
}

/**
 * Divides a step into runs. A later piece of a job is never in an earlier run: within a run all keys are
 * there before any is read. Sequences with short contexts and those with long ones part where padding
 * would cost more than another run.
 */
export function planRuns(
  jobs: readonly PlannedJob[],
  pagesOf: (numPositions: number) => number,
  limits: RunLimits,
): StepRun[] {
  const groups = new Map<string, { isTiled: boolean; result: StepResult; pieces: Piece[] }>();
  jobs.forEach((planned, job) => {
    const { result } = planned;
    const isTiled = planned.numQueries > 1 || planned.wanted === "none";
    const key = `${result} ${isTiled}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { isTiled, result, pieces: [] }));
    group.pieces.push(...piecesOf(planned, job, pagesOf));
  });
  const runs: StepRun[] = [];
  for (const { isTiled, result, pieces } of groups.values()) {
    // Stable, and a later piece of a job has no fewer pages.
    pieces.sort((a, b) => a.numPages - b.numPages);
    let begin = 0;
    let numWanted = 0;
    let numPages = 0;
    let longest = 0;
    pieces.forEach((piece, index) => {
      const size = index - begin + 1;
      longest = Math.max(longest, piece.count);
      numPages += piece.numPages;
      numWanted += piece.numWanted;
      const isFull =
        size * piece.numPages > limits.maxContextPages ||
        size * piece.numPages * longest > limits.maxQueryPages ||
        size * piece.numPages - numPages > limits.maxPadding ||
        numWanted > limits.maxWanted;
      if (!isFull || size === 1) return;
      runs.push({ isTiled, result, pieces: pieces.slice(begin, index) });
      begin = index;
      [numPages, numWanted, longest] = [piece.numPages, piece.numWanted, piece.count];
    });
    runs.push({ isTiled, result, pieces: pieces.slice(begin) });
  }
  return runs;
}
