import { checkInteger } from "@turnwise/core";
import type { ModelConfig } from "../model-config.ts";
import type { AttentionCache, CachedSequence } from "./attention-cache.ts";
import type { ModelRunner, StepJob } from "./model-runner.ts";
import { softmaxWeights } from "./softmax-weights.ts";

/** What a model says about the tokens of one row. */
export interface RowScores {
  /** Log-prob of each token but the first, given those before it, nats, `[token - 1]`. */
  readonly logProbs: Float64Array;
  /** Entropy of the next-token distribution behind each token, nats, `[token]`. */
  readonly entropies: Float64Array;
}

/** Entries of the logits of one step that are held at once, 128 MB of them. */
const maxLogits = 2 ** 25;

/** A row under way. */
interface ScoredRow {
  readonly tokens: readonly number[];
  readonly sequence: CachedSequence;
  readonly scores: RowScores;
}

/** A step's part of a row. */
interface ScoreJob extends StepJob {
  readonly row: ScoredRow;
  readonly start: number;
}

/**
 * Scores whole rows through the programs of a sampler, at temperature 1, without a learner. Positions
 * of several rows share steps.
 * @param cache - Without idle sequences; each row must fit into it.
 * @throws `RangeError` if a row is empty, too long, or names a token that there is not.
 */
export async function scoreRows(
  runner: ModelRunner,
  cache: AttentionCache,
  rows: readonly (readonly number[])[],
  { config, stepTokens }: { readonly config: ModelConfig; readonly stepTokens: number },
): Promise<RowScores[]> {
  const { vocabularySize, maxSequenceTokens } = config;
  rows.forEach((tokens, index) => {
    checkInteger("score", { [`rows[${index}]`]: tokens }, { min: 0, max: vocabularySize - 1 });
    const longest = Math.min(maxSequenceTokens, cache.maxPages * cache.pagePositions);
    if (tokens.length >= 1 && tokens.length <= longest) return;
    throw new RangeError(
      `score: rows[${index}] must have 1 to ${longest} tokens, got ${tokens.length}`,
    );
  });
  const most = Math.max(1, Math.min(stepTokens, Math.floor(maxLogits / vocabularySize)));
  const weights = new Float64Array(vocabularySize);
  let jobs: ScoreJob[] = [];
  let numLeft = most;
  const flush = async (): Promise<void> => {
    if (jobs.length === 0) return;
    const logits = await runner.step(cache, jobs, { logits: "all" });
    let position = 0;
    for (const { row, start, numQueries } of jobs) {
      for (let i = 0; i < numQueries; i++) {
        scorePosition(logits.of(position++), row, start + i, weights);
      }
      if (row.sequence.length === row.tokens.length) cache.release(row.sequence);
    }
    jobs = [];
    numLeft = most;
  };
  const scored: RowScores[] = [];
  try {
    for (const tokens of rows) {
      const scores = {
        logProbs: new Float64Array(tokens.length - 1),
        entropies: new Float64Array(tokens.length),
      };
      scored.push(scores);
      const row: ScoredRow = { tokens, sequence: cache.create(), scores };
      for (let start = 0; start < tokens.length;) {
        const numQueries = Math.min(numLeft, tokens.length - start);
        if (!cache.extend(row.sequence, numQueries)) await flush();
        const queries = tokens.slice(start, start + numQueries);
        jobs.push({ row, start, sequence: row.sequence, numQueries, tokens: queries });
        numLeft -= numQueries;
        start += numQueries;
        if (numLeft === 0) await flush();
      }
    }
    await flush();
  } finally {
    for (const { row } of jobs) cache.release(row.sequence);
  }
  return scored;
}

/** The entropy behind a position, and the log-prob of the token that follows there. */
function scorePosition(
  logits: Float32Array,
  { tokens, scores }: ScoredRow,
  position: number,
  weights: Float64Array,
): void {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]!);
  const { total, weighted } = softmaxWeights(logits, largest, 1, weights);
  if (!Number.isFinite(total)) {
    throw new RangeError(
      `score: logits must be finite, got a largest of ${largest} behind token ${position}`,
    );
  }
  const logTotal = Math.log(total);
  scores.entropies[position] = Math.max(0, logTotal - weighted / total);
  const target = tokens[position + 1];
  if (target !== undefined) scores.logProbs[position] = logits[target]! - largest - logTotal;
}
