import type { TokenRow } from "@turnwise/core";

/** Options of {@link rowBatches}. */
export interface RowBatchOptions {
  /** The most positions of one batch, padding included, `>= 1`. A longer row stands alone. */
  readonly maxTokens: number;
}

/**
 * Packs rows into batches of similar length: rows from long to short, each batch as full as
 * `rows * longest <= maxTokens` allows. Every row with a span is in one batch.
 * @returns Indices into `rows`, `[batch][row]`. Rows without a response token are left out.
 */
export function rowBatches(rows: readonly TokenRow[], { maxTokens }: RowBatchOptions): number[][] {
  const lengths = rows.map(readLength);
  const order = lengths
    .map((length, row) => ({ length, row }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length || a.row - b.row);
  const batches: number[][] = [];
  let batch: number[] = [];
  let longest = 0;
  for (const { length, row } of order) {
    if (batch.length > 0 && (batch.length + 1) * longest > maxTokens) {
      batches.push(batch);
      batch = [];
    }
    if (batch.length === 0) longest = length;
    batch.push(row);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** How many tokens of a row must be read: all before the last response token; 0 without one. */
export function readLength(row: TokenRow): number {
  const last = row.spans.findLast((span) => span.length > 0);
  return last ? last.start + last.length - 1 : 0;
}

/** A batch of rows as the programs read it. `N` counts the response tokens of all its rows. */
export interface PackedRows {
  /** Which rows, as indices into the list that was packed. */
  readonly rows: readonly number[];
  readonly batchSize: number;
  /** Positions of the longest row. */
  readonly length: number;
  /** `[batch, length]`, 0 behind a row's end. */
  readonly tokens: Int32Array;
  /** Where each response token is predicted, as an index into `[batch * length]`, `[N]`. */
  readonly positions: Int32Array;
  /** The response tokens, `[N]`. */
  readonly targets: Int32Array;
  /** Which response of the batch each belongs to, `[N]`. */
  readonly responses: Int32Array;
  readonly numResponses: number;
  /** Number of response tokens of each row, `[batch]`. */
  readonly tokenCounts: readonly number[];
}

/** Lays rows out side by side. */
export function packRows(rows: readonly TokenRow[], chosen: readonly number[]): PackedRows {
  const length = Math.max(...chosen.map((row) => readLength(rows[row]!)));
  const tokenCounts = chosen.map((row) => responseTokenCount(rows[row]!));
  const numTokens = tokenCounts.reduce((total, count) => total + count, 0);
  const tokens = new Int32Array(chosen.length * length);
  const positions = new Int32Array(numTokens);
  const targets = new Int32Array(numTokens);
  const responses = new Int32Array(numTokens);
  let numResponses = 0;
  let at = 0;
  chosen.forEach((row, slot) => {
    const { tokens: rowTokens, spans } = rows[row]!;
    const offset = slot * length;
    const end = readLength(rows[row]!);
    for (let i = 0; i < end; i++) tokens[offset + i] = rowTokens[i]!;
    for (const span of spans) {
      if (span.length === 0) continue;
      for (let i = span.start; i < span.start + span.length; i++, at++) {
        positions[at] = offset + i - 1;
        targets[at] = rowTokens[i]!;
        responses[at] = numResponses;
      }
      numResponses++;
    }
  });
  return {
    rows: chosen,
    batchSize: chosen.length,
    length,
    tokens,
    positions,
    targets,
    responses,
    numResponses,
    tokenCounts,
  };
}

/** Number of response tokens in all spans of a row. */
export function responseTokenCount(row: TokenRow): number {
  return row.spans.reduce((total, span) => total + span.length, 0);
}

/**
 * Checks that rows can be read by a model.
 * @throws `RangeError` naming row and token for ids outside the vocabulary, spans that overlap, start
 *   at 0 or leave the row, and rows that are too long.
 */
export function checkRows(
  where: string,
  rows: readonly TokenRow[],
  {
    vocabularySize,
    maxSequenceTokens,
  }: { readonly vocabularySize: number; readonly maxSequenceTokens: number },
): void {
  rows.forEach(({ tokens, spans }, row) => {
    if (tokens.length > maxSequenceTokens) {
      throw new RangeError(
        `${where}: rows[${row}] must have at most ${maxSequenceTokens} tokens, got ${tokens.length}`,
      );
    }
    tokens.forEach((token, position) => {
      if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
        throw new RangeError(
          `${where}: rows[${row}].tokens[${position}] must be a whole number in [0, ${vocabularySize - 1}], got ${token}`,
        );
      }
    });
    let end = 1;
    spans.forEach(({ start, length }, index) => {
      const isWhole = Number.isInteger(start) && Number.isInteger(length) && length >= 0;
      if (!isWhole || start < end || start + length > tokens.length) {
        throw new RangeError(
          `${where}: rows[${row}].spans[${index}] must lie in [${end}, ${tokens.length}], got start ${start} and length ${length}`,
        );
      }
      end = start + length;
    });
  });
}
