import { checkInteger } from "@turnwise/core";
import type { ModelConfig } from "../model/model-config.ts";
import { pagePositions, type CachedSequence } from "./runner/page-table.ts";
import type { Runner, ScoreJob } from "./runner/runner.ts";

/** Scores of the tokens of one row. */
export interface RowScores {
  /** Log-prob of each token except the first given its prefix, nats, `[token - 1]`. */
  readonly logProbs: Float64Array;
  /** Entropy of the next-token distribution after each token, nats, `[token]`. */
  readonly entropies: Float64Array;
}

/** Row that is being scored. */
interface ScoredRow {
  readonly tokens: readonly number[];
  readonly sequence: CachedSequence;
  readonly scores: RowScores;
}

/** Part of a row that is computed in one step. */
interface RowJob extends ScoreJob {
  readonly row: ScoredRow;
  readonly start: number;
}

/**
 * Scores complete rows with a sampler's model, at temperature 1, without a learner. Several rows
 * share a step.
 * @param runner - Runner without idle sequences; each row must fit into its pages.
 * @throws `RangeError` if a row is empty or too long, or contains an unknown token.
 */
export async function scoreRows(
  runner: Runner,
  rows: readonly (readonly number[])[],
  { config, stepTokens }: { readonly config: ModelConfig; readonly stepTokens: number },
): Promise<RowScores[]> {
  const { vocabularySize, maxSequenceTokens } = config;
  const { pages, maxScoredTokens } = runner;
  rows.forEach((tokens, index) => {
    checkInteger("score", { [`rows[${index}]`]: tokens }, { min: 0, max: vocabularySize - 1 });
    const longest = Math.min(maxSequenceTokens, pages.maxPages * pagePositions);
    if (tokens.length >= 1 && tokens.length <= longest) return;
    throw new RangeError(
      `score: rows[${index}] must have 1 to ${longest} tokens, got ${tokens.length}`,
    );
  });
  const most = Math.min(stepTokens, maxScoredTokens);
  let jobs: RowJob[] = [];
  let numLeft = most;
  const flush = async (): Promise<void> => {
    if (jobs.length === 0) return;
    const { logProbs, entropies } = await runner.score(jobs);
    let position = 0;
    for (const { row, start, numQueries } of jobs) {
      const { tokens, sequence, scores } = row;
      for (let at = start; at < start + numQueries; at++, position++) {
        checkScore(entropies[position]!, at);
        scores.entropies[at] = entropies[position]!;
        if (at < tokens.length - 1) scores.logProbs[at] = logProbs[position]!;
      }
      if (sequence.length === tokens.length) pages.release(sequence);
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
      const row: ScoredRow = { tokens, sequence: pages.create(), scores };
      for (let start = 0; start < tokens.length;) {
        const numQueries = Math.min(numLeft, tokens.length - start);
        if (!pages.extend(row.sequence, numQueries)) await flush();
        const queries = tokens.slice(start, start + numQueries);
        // The last token has no target.
        const targets = queries.map((_, i) => tokens[start + i + 1]);
        jobs.push({ row, start, sequence: row.sequence, numQueries, tokens: queries, targets });
        numLeft -= numQueries;
        start += numQueries;
        if (numLeft === 0) await flush();
      }
    }
    await flush();
  } finally {
    for (const { row } of jobs) pages.release(row.sequence);
  }
  return scored;
}

function checkScore(entropy: number, position: number): void {
  if (Number.isFinite(entropy)) return;
  throw new RangeError(
    `score: logits must be finite, got an entropy of ${entropy} after token ${position}`,
  );
}
