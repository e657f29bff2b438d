import type { Random, Tokenizer, TrainingRow } from "@turnwise/core";
import type { AgentFormat, Demonstration, Demonstrator } from "@turnwise/envs";

/**
 * Replaces each interchangeable word of a demonstration, wherever it occurs, by another word of the
 * same list. A policy that imitates many such versions learns to read the observation instead of
 * memorizing names.
 */
export function renameWords(
  demonstration: Demonstration,
  exchangeable: readonly (readonly string[])[],
  random: Random,
): Demonstration {
  const names = new Map(
    exchangeable.flatMap((classes) => {
      const shuffled = random.shuffle(classes);
      return classes.map((name, i) => [name, shuffled[i]!] as const);
    }),
  );
  const rename = (text: string): string =>
    text.replaceAll(/\b([a-z]+)(\d*)\b/gu, (word, name: string, number: string) =>
      names.has(name) ? `${names.get(name)!}${number}` : word,
    );
  return {
    ...demonstration,
    turns: demonstration.turns.map((turn) => ({
      ...turn,
      prompt: rename(turn.prompt),
      response: rename(turn.response),
      action: rename(turn.action),
    })),
  };
}

/**
 * Selects the demonstrations that a warm start imitates: the successful demonstrations, or all
 * demonstrations if failures are imitated too.
 */
export function selectImitated(
  demonstrations: readonly Demonstration[],
  demonstrator: Pick<Demonstrator, "imitates"> | undefined,
): Demonstration[] {
  return demonstrations.filter(({ isSuccess }) => isSuccess || demonstrator?.imitates === "all");
}

/** Tokenized demonstration, with the weight of each token in the loss. */
export interface ImitationRow {
  readonly tokens: readonly number[];
  /**
   * Weight of each token after the first, `[token - 1]`: 1 for responses, less for context, 0 for
   * no-ops.
   */
  readonly weights: Float32Array;
}

/**
 * Tokenizes a demonstration: one row for all turns of a concatenated format, otherwise one per turn.
 * @param contextWeight - Weight of prompt and observation tokens, in [0, 1].
 */
export function toImitationRows(
  demonstration: Demonstration,
  format: AgentFormat,
  tokenizer: Tokenizer,
  contextWeight: number,
): ImitationRow[] {
  const rows: ImitationRow[] = [];
  let tokens: number[] = [];
  let weights: number[] = [];
  const append = (added: readonly number[], weight: number): void => {
    tokens.push(...added);
    weights.push(...added.map(() => weight));
  };
  const finish = (): void => {
    if (tokens.length > 1) rows.push({ tokens, weights: Float32Array.from(weights.slice(1)) });
    tokens = [];
    weights = [];
  };
  for (const turn of demonstration.turns) {
    append(tokenizer.encode(turn.prompt), contextWeight);
    append([...tokenizer.encode(turn.response), tokenizer.endToken], turn.isSlip ? 0 : 1);
    if (format.presentation === "turn-wise") finish();
  }
  finish();
  return rows;
}

/** Builds the rows of one optimizer step; their weights sum to 1. */
export function toImitationBatch(rows: readonly ImitationRow[]): TrainingRow[] {
  const total = rows.reduce(
    (sum, { weights }) => sum + weights.reduce((inner, weight) => inner + weight, 0),
    0,
  );
  return rows.map(({ tokens, weights }) => ({
    tokens,
    spans: [{ turnIndex: 0, start: 1, length: tokens.length - 1 }],
    weights: weights.map((weight) => weight / total),
    fields: {},
  }));
}
