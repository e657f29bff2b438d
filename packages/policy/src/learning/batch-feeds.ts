import {
  NonFiniteError,
  type ObjectiveField,
  type TokenRow,
  type TrainingRow,
} from "@turnwise/core";
import { layoutForest, type Feeds } from "@turnwise/graph";
import type { RowForest } from "./pack-rows.ts";
import { countResponseTokens } from "./token-rows.ts";
import type { ObjectiveProgram } from "./objective-program.ts";

/** Creates the inputs of the forward pass over a forest, and of its gradient if requested. */
export function forestFeeds(
  { tokens, parents, predictors, targets, predictions }: RowForest,
  { withGradient }: { readonly withGradient: boolean },
): Feeds {
  const { feeds, gradientFeeds } = layoutForest(parents);
  return {
    ...feeds,
    ...(withGradient ? gradientFeeds : {}),
    tokens: { data: tokens, shape: [tokens.length] },
    predictors: { data: predictors, shape: [predictors.length] },
    targets: { data: targets, shape: [targets.length] },
    predictions: { data: predictions, shape: [predictions.length] },
  };
}

/** Creates the inputs of an objective for a forest; `values` come from the model itself. */
export function objectiveFeeds(
  rows: readonly TrainingRow[],
  forest: RowForest,
  needs: readonly ObjectiveField[],
): Feeds {
  const numTokens = forest.predictions.length;
  const join = (list: (row: TrainingRow) => Float32Array): Feeds[string] => {
    const data = new Float32Array(numTokens);
    let at = 0;
    forest.rows.forEach((row, slot) => {
      data.set(list(rows[row]!), at);
      at += forest.tokenCounts[slot]!;
    });
    return { data, shape: [numTokens] };
  };
  return {
    weights: join(({ weights }) => weights),
    responses: { data: forest.responses, shape: [numTokens] },
    responseAxis: { data: new Float32Array(forest.numResponses), shape: [forest.numResponses] },
    ...Object.fromEntries(
      selectFedFields(needs).map((field) => [field, join(({ fields }) => fields[field]!)]),
    ),
  };
}

/** Selects the fields of an objective that training rows provide. */
export function selectFedFields(needs: readonly ObjectiveField[]): ObjectiveField[] {
  return needs.filter((field) => field !== "values");
}

/** Checks weights and fields: their lengths, and that all numbers are finite. */
export function checkTrainingRows(
  rows: readonly TrainingRow[],
  { name, needs }: Pick<ObjectiveProgram, "name" | "needs">,
): void {
  rows.forEach((row, index) => {
    const numTokens = countResponseTokens(row);
    const lists = {
      weights: row.weights,
      ...Object.fromEntries(selectFedFields(needs).map((field) => [field, row.fields[field]])),
    };
    for (const [field, list] of Object.entries(lists)) {
      if (list?.length !== numTokens) {
        throw new RangeError(
          `update: rows[${index}] must have ${numTokens} ${field} for objective ${name}, got ${list?.length ?? "none"}`,
        );
      }
      const found = list.findIndex((value) => !Number.isFinite(value));
      if (found < 0) continue;
      const position = findPosition(row, found);
      throw new NonFiniteError(
        `update: rows[${index}].${field}[${found}] (token at position ${position}) must be finite, got ${list[found]}`,
        index,
        position,
      );
    }
  });
}

/** Position in its row of a response token, given the token's index over all spans. */
function findPosition({ spans }: TokenRow, index: number): number {
  let before = 0;
  for (const { start, length } of spans) {
    if (index < before + length) return start + index - before;
    before += length;
  }
  return -1;
}

/**
 * Checks that the outputs of a microbatch are finite; otherwise finds the first token that is not.
 */
export function checkOutputs(
  rows: readonly TokenRow[],
  forest: RowForest,
  outputs: Readonly<Record<string, { readonly data: Float32Array }>>,
): void {
  const perToken = {
    "log-prob": "newLogProbs",
    entropy: "entropies",
    value: "values",
    "gradient of the loss with respect to the log-prob": "objective/newLogProbs",
    "gradient of the loss with respect to the entropy": "objective/entropies",
    "gradient of the loss with respect to the value": "objective/values",
  };
  for (const [what, output] of Object.entries(perToken)) {
    const list = outputs[output]?.data;
    const found = list?.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (found < 0) continue;
    let before = 0;
    const slot = forest.tokenCounts.findIndex((count) => found < (before += count));
    const row = forest.rows[slot]!;
    const inRow = found - (before - forest.tokenCounts[slot]!);
    const position = findPosition(rows[row]!, inRow);
    throw new NonFiniteError(
      `update: ${what} of the token at position ${position} of rows[${row}] must be finite, got ${list![found]}`,
      row,
      position,
    );
  }
  const loss = outputs["objective/loss"]!.data[0]!;
  if (!Number.isFinite(loss)) {
    throw new NonFiniteError(
      `update: loss must be finite, got ${loss} while all token gradients are finite, in rows ${forest.rows.join(", ")}`,
    );
  }
}
