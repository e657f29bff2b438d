import {
  NonFiniteError,
  type ObjectiveField,
  type TokenRow,
  type TrainingRow,
} from "@turnwise/core";
import type { Feeds } from "@turnwise/graph";
import { responseTokenCount, type PackedRows } from "../row-batches.ts";
import type { ObjectiveProgram } from "./objective-program.ts";

/** What the forward pass reads of a batch. */
export function tokenFeeds({ batchSize, length, tokens, positions, targets }: PackedRows): Feeds {
  return {
    tokens: { data: tokens, shape: [batchSize, length] },
    positions: { data: positions, shape: [positions.length] },
    targets: { data: targets, shape: [targets.length] },
  };
}

/** What an objective reads of a batch. */
export function objectiveFeeds(
  rows: readonly TrainingRow[],
  packed: PackedRows,
  needs: readonly ObjectiveField[],
): Feeds {
  const numTokens = packed.targets.length;
  const join = (list: (row: TrainingRow) => Float32Array): Feeds[string] => {
    const data = new Float32Array(numTokens);
    let at = 0;
    packed.rows.forEach((row, slot) => {
      data.set(list(rows[row]!), at);
      at += packed.tokenCounts[slot]!;
    });
    return { data, shape: [numTokens] };
  };
  return {
    weights: join(({ weights }) => weights),
    responses: { data: packed.responses, shape: [numTokens] },
    responseAxis: { data: new Float32Array(packed.numResponses), shape: [packed.numResponses] },
    ...Object.fromEntries(needs.map((field) => [field, join(({ fields }) => fields[field]!)])),
  };
}

/** Requires weights and fields of the right length, and finite ones. */
export function checkTrainingRows(
  rows: readonly TrainingRow[],
  { name, needs }: Pick<ObjectiveProgram, "name" | "needs">,
): void {
  rows.forEach((row, index) => {
    const numTokens = responseTokenCount(row);
    const lists = {
      weights: row.weights,
      ...Object.fromEntries(needs.map((field) => [field, row.fields[field]])),
    };
    for (const [field, list] of Object.entries(lists)) {
      if (list?.length !== numTokens) {
        throw new RangeError(
          `update: rows[${index}] must have ${numTokens} ${field} for objective ${name}, got ${list?.length ?? "none"}`,
        );
      }
      const found = list.findIndex((value) => !Number.isFinite(value));
      if (found < 0) continue;
      const position = positionOf(row, found);
      throw new NonFiniteError(
        `update: rows[${index}].${field}[${found}] (token at position ${position}) must be finite, got ${list[found]}`,
        index,
        position,
      );
    }
  });
}

/** Position in its row of a response token, counted over all spans. */
function positionOf({ spans }: TokenRow, index: number): number {
  let before = 0;
  for (const { start, length } of spans) {
    if (index < before + length) return start + index - before;
    before += length;
  }
  return -1;
}

/** Requires finite numbers from a microbatch, and finds the token that is to blame. */
export function checkOutputs(packed: PackedRows, values: (name: string) => Float32Array): void {
  const perToken = {
    "log-prob": "newLogProbs",
    entropy: "entropies",
    "gradient of the loss by the log-prob": "objective/newLogProbs",
    "gradient of the loss by the entropy": "objective/entropies",
  };
  for (const [what, output] of Object.entries(perToken)) {
    const list = values(output);
    const found = list.findIndex((value) => !Number.isFinite(value));
    if (found < 0) continue;
    const row = Math.floor(packed.positions[found]! / packed.length);
    const position = (packed.positions[found]! % packed.length) + 1;
    throw new NonFiniteError(
      `update: ${what} of the token at position ${position} of rows[${packed.rows[row]!}] must be finite, got ${list[found]}`,
      packed.rows[row],
      position,
    );
  }
  const loss = values("objective/loss")[0]!;
  if (!Number.isFinite(loss)) {
    throw new NonFiniteError(
      `update: loss must be finite, got ${loss} while all token gradients are finite, in rows ${packed.rows.join(", ")}`,
    );
  }
}
