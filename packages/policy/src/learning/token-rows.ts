import type { TokenRow } from "@turnwise/core";

/**
 * Number of tokens of a row that the model must read: all before the last response token; 0 if
 * there is none.
 */
export function countReadTokens(row: TokenRow): number {
  const last = row.spans.findLast((span) => span.length > 0);
  return last ? last.start + last.length - 1 : 0;
}

/** Number of response tokens in all spans of a row. */
export function countResponseTokens(row: TokenRow): number {
  return row.spans.reduce((total, span) => total + span.length, 0);
}

/**
 * Checks that rows are valid for a model.
 * @throws `RangeError` naming row and token for ids outside the vocabulary; for spans that overlap,
 *   start at 0 or leave the row; and for rows that are too long.
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
