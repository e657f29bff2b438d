import type { TokenRow } from "@turnwise/core";
import { readLength, responseTokenCount } from "./token-rows.ts";

/** Options of {@link rowForests}. */
export interface RowForestOptions {
  /** The most tokens of one forest, `>= 1`, those that rows share counted once. A longer row stands alone. */
  readonly maxTokens: number;
}

/**
 * Rows as programs read them: tokens that several rows begin with are there once. `N` counts the
 * tokens of the forest, `M` those behind which a response token is predicted, and `T` the response
 * tokens of all rows.
 */
export interface RowForest {
  /** Which rows, as indices into the list that was packed. */
  readonly rows: readonly number[];
  /** `[N]`. */
  readonly tokens: Int32Array;
  /** The token before each in its tree, or -1, `[N]`. */
  readonly parents: Int32Array;
  /** Where response tokens are predicted, each once, as indices into `tokens`, `[M]`. */
  readonly predictors: Int32Array;
  /** The token that each predicts, `[M]`. */
  readonly targets: Int32Array;
  /** What predicts each response token, row by row, as an index into `predictors`, `[T]`. */
  readonly predictions: Int32Array;
  /** Which response of the forest each response token belongs to, `[T]`. */
  readonly responses: Int32Array;
  readonly numResponses: number;
  /** Number of response tokens of each row, `[row]`. */
  readonly tokenCounts: readonly number[];
}

/** Nothing is predicted here. */
const none = -1;

/**
 * Packs rows into forests without padding. Rows are taken in lexicographic order of their tokens, so
 * that those which share a beginning stand together, and fill one forest after the other. Every row
 * with a response token is in one forest.
 *
 * Where rows go on differently behind a shared token and both predict what they go on with, the token
 * is there twice: so each predicts one thing.
 */
export function rowForests(
  rows: readonly TokenRow[],
  { maxTokens }: RowForestOptions,
): RowForest[] {
  const order = rows.flatMap((row, i) => (readLength(row) > 0 ? [i] : []));
  order.sort((a, b) => compareTokens(rows[a]!, rows[b]!) || a - b);
  const forests: RowForest[] = [];
  let builder = new ForestBuilder();
  for (const i of order) {
    const row = rows[i]!;
    const predicted = predictedTokens(row);
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
  const [lengthA, lengthB] = [readLength(a), readLength(b)];
  for (let i = 0; i < Math.min(lengthA, lengthB); i++) {
    const difference = a.tokens[i]! - b.tokens[i]!;
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

/** What each read token of a row predicts: the next one, if that is of a response, or {@link none}. */
function predictedTokens(row: TokenRow): Int32Array {
  const predicted = new Int32Array(readLength(row)).fill(none);
  for (const { start, length } of row.spans) {
    for (let i = start; i < start + length; i++) predicted[i - 1] = row.tokens[i]!;
  }
  return predicted;
}

class ForestBuilder {
  readonly #rows: number[] = [];
  readonly #tokens: number[] = [];
  readonly #parents: number[] = [];
  /** What each token predicts, or {@link none}. */
  readonly #predicted: number[] = [];
  /** Of each token those that follow it; the beginnings of trees stand at -1. */
  readonly #children = new Map<number, number[]>();
  /** The path of each row. */
  readonly #paths: Int32Array[] = [];

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Tokens so far. */
  get size(): number {
    return this.#tokens.length;
  }

  /**
   * Takes a row in.
   * @param predicted - What each of its tokens predicts.
   * @param shared - The tokens of the forest that it begins with, see {@link match}.
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

  /** The tokens of the forest that a row can begin with. */
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

  /** Of those that hold a token, one that predicts what is wanted, or is still free to. */
  #choose(
    children: readonly number[],
    token: number,
    wanted: number,
    next: number | undefined,
  ): number | undefined {
    // Without a wish any will do; that which predicts the next token is the likeliest to lead on.
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
    const tokenCounts = this.#rows.map((row) => responseTokenCount(rows[row]!));
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
