import { sum } from "@turnwise/core";
import { readModelConfig } from "@turnwise/policy";
import type { RowScores } from "@turnwise/policy/local";
import { Command } from "commander";
import { readInput } from "@turnwise/training";
import {
  checkTokenRows,
  openSampler,
  readTokenRows,
  addPolicyOptions,
  type PolicySourceOptions,
} from "./policy-source.ts";

interface ScoreOptions extends PolicySourceOptions {
  readonly ids: string;
  readonly json?: boolean;
}

/** `turnwise policy score`: prints log-probs and entropies of given tokens. */
export function buildScoreCommand(): Command {
  return addPolicyOptions(new Command("score"))
    .description("compute log-probs and entropies of given tokens")
    .requiredOption(
      "--ids <file>",
      "rows of token ids, as JSON or one row per line; - reads standard input",
    )
    .option("--json", "print one JSON object with all values, in nats")
    .action(async (model: string, options: ScoreOptions) => {
      const config = await readInput(() => readModelConfig(model));
      const rows = await readTokenRows(options.ids);
      checkTokenRows(rows, config);
      const longest = Math.max(...rows.rows.map(({ length }) => length));
      const opened = await openSampler(model, options, longest, undefined);
      try {
        const scores = await readInput(() => opened.sampler.score(rows.rows));
        process.stdout.write(options.json === true ? formatJson(scores) : formatTable(scores));
      } finally {
        await opened.close();
      }
    });
}

/**
 * Formats the log-prob of each token except the first, and the entropy of the distribution after
 * each token.
 */
function formatJson(scores: readonly RowScores[]): string {
  const rows = scores.map(({ logProbs, entropies }) => ({
    logProbs: [...logProbs],
    entropies: [...entropies],
  }));
  return `${JSON.stringify({ rows })}\n`;
}

function formatTable(scores: readonly RowScores[]): string {
  const cells = scores.map(({ logProbs, entropies }, row) => {
    const meanLogProb = sum(logProbs) / logProbs.length;
    return [
      String(row),
      String(entropies.length),
      logProbs.length === 0 ? "-" : sum(logProbs).toFixed(4),
      logProbs.length === 0 ? "-" : meanLogProb.toFixed(4),
      logProbs.length === 0 ? "-" : Math.exp(-meanLogProb).toFixed(3),
      (sum(entropies) / entropies.length).toFixed(4),
    ];
  });
  const head = ["row", "tokens", "log-prob", "per token", "perplexity", "mean entropy"];
  const lines = [head, ...cells].map((line) =>
    line.map((cell, column) => cell.padStart(Math.max(6, head[column]!.length + 2))).join(""),
  );
  return `${lines.join("\n")}\n`;
}
