import type { Feeds } from "./program.ts";

/**
 * Number of groups of tiles, and number of groups of sums, into which attention in a forest is
 * divided.
 */
export const forestParts = { tiles: 4, sums: 4 } as const;

/** Layout of a forest and its costs. */
export interface ForestLayout {
  /** Inputs for programs that use `forestAttention`. */
  readonly feeds: Feeds;
  /** Additional inputs for programs that use its gradient. */
  readonly gradientFeeds: Feeds;
  readonly numTokens: number;
  /** Number of query slots per tile. */
  readonly slots: number;
  /** Number of scores computed per head, including masked and padded scores. */
  readonly numScores: number;
  /** Number of keys read, summed over tiles. */
  readonly numKeys: number;
}

/**
 * Up to `slots` consecutive tokens of a branch, and all tokens to which the last of them attends.
 */
interface Tile {
  readonly first: number;
  readonly count: number;
  readonly numKeys: number;
}

/** Cost of reading a key (and computing its gradient) relative to the cost of computing a score. */
const keyCost = 4;

/**
 * Lays out a forest of tokens for attention in which each token sees itself and its ancestors.
 *
 * Each branch is split into tiles with the same number of queries. A tile reads the path from the
 * root to its last token, so that few of its scores are masked, whatever the lengths of the
 * branches. Tiles with paths of similar length are computed together.
 *
 * @param parents - Parent of each token, `[token]`; -1 starts a tree. Parents precede their
 *   children.
 * @throws `RangeError` for an empty forest, and for a parent that does not precede its child.
 */
export function layoutForest(parents: Int32Array): ForestLayout {
  const numTokens = parents.length;
  if (numTokens === 0)
    throw new RangeError("layoutForest: parents must not be empty, got length 0");
  const depths = new Int32Array(numTokens);
  for (let token = 0; token < numTokens; token++) {
    const parent = parents[token]!;
    if (parent < -1 || parent >= token) {
      throw new RangeError(
        `layoutForest: parents[${token}] must be in [-1, ${token - 1}], got ${parent}`,
      );
    }
    depths[token] = parent < 0 ? 0 : depths[parent]! + 1;
  }
  let best: { slots: number; groups: Tile[][]; cost: number } | undefined;
  for (const slots of [8, 16, 32, 64, 128]) {
    const tiles = cutTiles(parents, depths, slots);
    const groups = splitRuns(tiles, ({ numKeys }) => numKeys, forestParts.tiles);
    const numKeys = groups.reduce((sum, group) => sum + group.length * group.at(-1)!.numKeys, 0);
    // A product with a few rows takes as long as a product with 16 rows.
    const cost = numKeys * (Math.max(slots, 16) + keyCost);
    if (best === undefined || cost < best.cost) best = { slots, groups, cost };
  }
  const { slots, groups } = best!;
  const feeds: Record<string, Feeds[string]> = {
    "forest/depths": { data: depths, shape: [numTokens] },
  };
  const gradientFeeds: Record<string, Feeds[string]> = {};
  const places = new Int32Array(numTokens);
  const readers: number[][] = Array.from({ length: numTokens }, () => []);
  let slot = 0;
  let read = 0;
  for (let part = 0; part < forestParts.tiles; part++) {
    // No size may be 0, so a group without tiles repeats a tile; its results are not used.
    const group = groups[part];
    const tiles = group ?? [{ first: 0, count: 1, numKeys: 1 }];
    const numKeys = tiles.at(-1)!.numKeys;
    const queries = new Int32Array(tiles.length * slots);
    const origins = new Int32Array(tiles.length * slots).fill(numTokens);
    const keys = new Int32Array(tiles.length * numKeys);
    tiles.forEach((tile, t) => {
      for (let i = 0; i < slots; i++) {
        const at = t * slots + i;
        queries[at] = tile.first + Math.min(i, tile.count - 1);
        if (i >= tile.count || !group) continue;
        origins[at] = tile.first + i;
        places[tile.first + i] = slot + at;
      }
      let token = tile.first + tile.count - 1;
      for (let i = tile.numKeys - 1; i >= 0; i--) {
        keys[t * numKeys + i] = token;
        if (group) readers[token]!.push(read + t * numKeys + i);
        token = parents[token]!;
      }
      // Pad with the root. If its entries are not finite, the results of the whole tree are not
      // finite anyway.
      keys.fill(keys[t * numKeys]!, t * numKeys + tile.numKeys, (t + 1) * numKeys);
    });
    slot += tiles.length * slots;
    read += tiles.length * numKeys;
    feeds[`forest/queries${part}`] = { data: queries, shape: [tiles.length, slots] };
    gradientFeeds[`forest/origins${part}`] = { data: origins, shape: [tiles.length, slots] };
    feeds[`forest/keys${part}`] = { data: keys, shape: [tiles.length, numKeys] };
  }
  feeds["forest/places"] = { data: places, shape: [numTokens] };
  Object.assign(gradientFeeds, layoutSums(readers, read));
  const numKeys = groups.reduce((sum, group) => sum + group.length * group.at(-1)!.numKeys, 0);
  return { feeds, gradientFeeds, numTokens, slots, numScores: numKeys * slots, numKeys };
}

/**
 * Splits branches into tiles, so that every token is a query of exactly one tile; shortest paths
 * first.
 */
function cutTiles(parents: Int32Array, depths: Int32Array, slots: number): Tile[] {
  const tiles: Tile[] = [];
  let first = 0;
  for (let token = 1; token <= parents.length; token++) {
    const isNext = parents[token] === token - 1 && token - first < slots;
    if (isNext) continue;
    tiles.push({ first, count: token - first, numKeys: depths[token - 1]! + 1 });
    first = token;
  }
  return tiles.sort((a, b) => a.numKeys - b.numKeys || a.first - b.first);
}

/**
 * Plans the summation of the gradients that tiles computed for their keys. Tokens with a similar
 * number of readers are summed together, padded with zeros.
 * @param readers - Positions at which each token was read, `[token][reader]`.
 * @param zero - Position that holds 0.
 */
function layoutSums(readers: readonly number[][], zero: number): Feeds {
  const order = readers.map((_, token) => token);
  order.sort((a, b) => readers[a]!.length - readers[b]!.length || a - b);
  const groups = splitRuns(order, (token) => readers[token]!.length, forestParts.sums);
  const sums = new Int32Array(readers.length);
  const feeds: Record<string, Feeds[string]> = {
    "forest/sums": { data: sums, shape: [readers.length] },
  };
  let at = 0;
  for (let part = 0; part < forestParts.sums; part++) {
    const tokens = groups[part] ?? [];
    const width = tokens.length > 0 ? readers[tokens.at(-1)!]!.length : 1;
    const rows = Math.max(1, tokens.length);
    const terms = new Int32Array(rows * width).fill(zero);
    tokens.forEach((token, i) => {
      terms.set(readers[token]!, i * width);
      sums[token] = at + i;
    });
    at += rows;
    feeds[`forest/terms${part}`] = { data: terms, shape: [rows, width] };
  }
  return feeds;
}

/**
 * Splits a sorted list into at most `maxRuns` runs that minimize `sum(length of a run * largest
 * size in the run)`.
 */
function splitRuns<T>(sorted: readonly T[], sizeOf: (entry: T) => number, maxRuns: number): T[][] {
  // A run can end only where the size changes.
  const ends: number[] = [];
  for (let i = 1; i <= sorted.length; i++) {
    if (i === sorted.length || sizeOf(sorted[i]!) !== sizeOf(sorted[i - 1]!)) ends.push(i);
  }
  const starts = [0, ...ends];
  // costs[e]: minimum cost of the entries before ends[e], with at most as many runs as rounds so
  // far.
  let costs = ends.map((end) => end * sizeOf(sorted[end - 1]!));
  const cuts: number[][] = [ends.map(() => 0)];
  for (let run = 1; run < maxRuns; run++) {
    const from: number[] = [];
    costs = ends.map((end, e) => {
      const size = sizeOf(sorted[end - 1]!);
      let least = costs[e]!;
      let cut = -1;
      for (let before = 0; before < e; before++) {
        const cost = costs[before]! + (end - ends[before]!) * size;
        if (cost >= least) continue;
        least = cost;
        cut = before + 1;
      }
      from.push(cut);
      return least;
    });
    cuts.push(from);
  }
  const runs: T[][] = [];
  let end = ends.length;
  for (let run = maxRuns - 1; run >= 0 && end > 0; run--) {
    const cut = cuts[run]![end - 1]!;
    // -1 means that one run fewer has the same cost.
    if (cut < 0) continue;
    runs.unshift(sorted.slice(starts[cut], starts[end]));
    end = cut;
  }
  return runs;
}
