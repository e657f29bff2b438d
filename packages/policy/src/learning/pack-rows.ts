import type { TokenRow } from "@turnwise/core";
import { countReadTokens, countResponseTokens } from "./token-rows.ts";

/** Options of {@link packRows}. */
export interface RowForestOptions {
  /**
   * Maximum number of tokens of one forest, `>= 1`; a shared prefix counts once. A longer row gets
   * a forest of its own.
   */
  readonly maxTokens: number;
}

/**
 * Rows packed into prefix trees, in which a shared prefix exists once. `N` is the number of tokens
 * in the forest. `M` is the number of predictors: tokens after which a response token is predicted.
 * `T` is the number of response tokens in all rows.
 */
export interface RowForest {
  /** Rows of the forest, as indices into the packed list. */
  readonly rows: readonly number[];
  readonly tokens: Int32Array;
  /** Parent of each token in its tree, or -1, `[N]`. */
  readonly parents: Int32Array;
  /** Predictors, as indices into `tokens`, `[M]`. */
  readonly predictors: Int32Array;
  /** Token to predict after each predictor, `[M]`. */
  readonly targets: Int32Array;
  /** Predictor of each response token, row by row, as an index into `predictors`, `[T]`. */
  readonly predictions: Int32Array;
  /** Index of the response to which each response token belongs, `[T]`. */
  readonly responses: Int32Array;
  readonly numResponses: number;
  /** Number of response tokens of each row, `[row]`. */
  readonly tokenCounts: readonly number[];
}

/** Prediction target of a token after which nothing is predicted. */
const none = -1;

/**
 * Packs rows into forests without padding. Rows are sorted lexicographically by tokens, so that
 * rows with a common prefix are adjacent, and then fill one forest after the other. Every row with
 * a response token is in exactly one forest.
 *
 * If rows diverge after a shared token and both need a prediction there, the token is duplicated,
 * so that each copy predicts one token.
 */
export function packRows(rows: readonly TokenRow[], { maxTokens }: RowForestOptions): RowForest[] {
  const order = rows.flatMap((row, i) => (countReadTokens(row) > 0 ? [i] : []));
  order.sort((a, b) => compareTokens(rows[a]!, rows[b]!) || a - b);
  const forests: RowForest[] = [];
  let builder = new ForestBuilder();
  for (const i of order) {
    const row = rows[i]!;
    const predicted = findTargets(row);
    let shared = builder.match(row, predicted);
    if (!builder.isEmpty && builder.size + predicted.length - shared.length > maxTokens) {
      forests.push(builder.build(rows));
      builder = new ForestBuilder();
      shared = [];
    }
    builder.add(i, row, predicted, shared);
  }
  if (!builder.isEmpty) forests.push(builder.build(rows));
  return forests;
}

function compareTokens(a: TokenRow, b: TokenRow): number {
  const [lengthA, lengthB] = [countReadTokens(a), countReadTokens(b)];
  for (let i = 0; i < Math.min(lengthA, lengthB); i++) {
    const difference = a.tokens[i]! - b.tokens[i]!;
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

/**
 * Prediction target of each token of a row: the next token if it belongs to a response, or
 * {@link none}.
 */
function findTargets(row: TokenRow): Int32Array {
  const predicted = new Int32Array(countReadTokens(row)).fill(none);
  for (const { start, length } of row.spans) {
    for (let i = start; i < start + length; i++) predicted[i - 1] = row.tokens[i]!;
  }
  return predicted;
}

class ForestBuilder {
  readonly #rows: number[] = [];
  readonly #tokens: number[] = [];
  readonly #parents: number[] = [];
  /** Prediction target of each token, or {@link none}. */
  readonly #predicted: number[] = [];
  /** Children of each token, by index; the roots are at -1. */
  readonly #children = new Map<number, number[]>();
  /** Node indices of each row, from root to last token. */
  readonly #paths: Int32Array[] = [];

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Number of tokens in the forest so far. */
  get size(): number {
    return this.#tokens.length;
  }

  /**
   * Adds a row.
   * @param predicted - Prediction target of each token of the row.
   * @param shared - Existing nodes with which the row starts, see {@link match}.
   */
  add(index: number, row: TokenRow, predicted: Int32Array, shared: readonly number[]): void {
    const path = new Int32Array(predicted.length);
    shared.forEach((token, i) => {
      path[i] = token;
      if (predicted[i] !== none) this.#predicted[token] = predicted[i]!;
    });
    for (let i = shared.length; i < path.length; i++) {
      const parent = i === 0 ? -1 : path[i - 1]!;
      const token = this.#tokens.length;
      this.#tokens.push(row.tokens[i]!);
      this.#parents.push(parent);
      this.#predicted.push(predicted[i]!);
      const siblings = this.#children.get(parent);
      if (siblings) siblings.push(token);
      else this.#children.set(parent, [token]);
      path[i] = token;
    }
    this.#rows.push(index);
    this.#paths.push(path);
  }

  /** Finds the longest path of existing nodes with which a row can start. */
  match(row: TokenRow, predicted: Int32Array): number[] {
    const path: number[] = [];
    let children = this.#children.get(-1);
    for (let i = 0; i < predicted.length && children; i++) {
      const found = this.#choose(children, row.tokens[i]!, predicted[i]!, row.tokens[i + 1]);
      if (found === undefined) break;
      path.push(found);
      children = this.#children.get(found);
    }
    return path;
  }

  /**
   * Chooses a node with the given token whose prediction target equals `wanted` or is not set.
   */
  #choose(
    children: readonly number[],
    token: number,
    wanted: number,
    next: number | undefined,
  ): number | undefined {
    // If nothing is to be predicted, any node is valid; prefer one that predicts the next token,
    // which is most likely to continue the match.
    const best = wanted === none ? next : wanted;
    let free: number | undefined;
    let any: number | undefined;
    for (const child of children) {
      if (this.#tokens[child] !== token) continue;
      const predicted = this.#predicted[child];
      if (predicted === best) return child;
      if (predicted === none) free ??= child;
      any ??= child;
    }
    return free ?? (wanted === none ? any : undefined);
  }

  build(rows: readonly TokenRow[]): RowForest {
    const predictors = this.#predicted.flatMap((token, i) => (token === none ? [] : [i]));
    const placeOf = new Map(predictors.map((token, place) => [token, place]));
    const tokenCounts = this.#rows.map((row) => countResponseTokens(rows[row]!));
    const numTokens = tokenCounts.reduce((total, count) => total + count, 0);
    const predictions = new Int32Array(numTokens);
    const responses = new Int32Array(numTokens);
    let numResponses = 0;
    let at = 0;
    this.#rows.forEach((row, slot) => {
      const path = this.#paths[slot]!;
      for (const { start, length } of rows[row]!.spans) {
        if (length === 0) continue;
        for (let i = start; i < start + length; i++, at++) {
          predictions[at] = placeOf.get(path[i - 1]!)!;
          responses[at] = numResponses;
        }
        numResponses++;
      }
    });
    return {
      rows: this.#rows,
      tokens: Int32Array.from(this.#tokens),
      parents: Int32Array.from(this.#parents),
      predictors: Int32Array.from(predictors),
      targets: Int32Array.from(predictors, (token) => this.#predicted[token]!),
      predictions,
      responses,
      numResponses,
      tokenCounts,
    };
  }
}
