import {
  bindFeeds,
  checkIds,
  idLimits,
  refuseFrozen,
  type Feed,
  type IdLimit,
  type Program,
  type ResidentTensor,
  type RunFeeds,
  type Sizes,
} from "@turnwise/graph/executor";

/** Properties of a feed that are checked. */
interface FeedKind {
  readonly shape: readonly number[];
  /** Array type; `undefined` for a resident tensor. */
  readonly type: unknown;
  readonly length: number;
}

function readKind(feed: Feed | ResidentTensor): FeedKind {
  const data = "data" in feed ? feed.data : undefined;
  return { shape: [...feed.shape], type: data?.constructor, length: data?.length ?? 0 };
}

function isOfKind(feed: Feed | ResidentTensor | undefined, kind: FeedKind): boolean {
  if (feed === undefined) return false;
  const data = "data" in feed ? feed.data : undefined;
  if (data?.constructor !== kind.type || (data?.length ?? 0) !== kind.length) return false;
  const { shape } = feed;
  if (shape.length !== kind.shape.length) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] !== kind.shape[axis]) return false;
  }
  return true;
}

/**
 * Checks the feeds of runs. The result of the previous run is reused for feeds of the same kind, as
 * in decoding.
 */
export class FeedCheck {
  readonly #program: Program;
  readonly #limits: readonly IdLimit[];
  readonly #bound: Readonly<Record<string, Feed | ResidentTensor>>;
  #kinds: ReadonlyMap<string, FeedKind> = new Map();
  #sizes: Sizes | undefined;

  /** @param bound - Frozen inputs by name. */
  constructor(program: Program, bound: Readonly<Record<string, Feed | ResidentTensor>>) {
    this.#program = program;
    this.#limits = idLimits(program);
    this.#bound = bound;
  }

  #isLikeBefore(feeds: RunFeeds): boolean {
    let numFeeds = 0;
    for (const name in feeds) {
      const kind = this.#kinds.get(name);
      if (kind === undefined || !isOfKind(feeds[name], kind)) return false;
      numFeeds++;
    }
    return numFeeds === this.#kinds.size;
  }

  /**
   * @returns Values of the named sizes; the same object as in the previous run if all feeds are of
   *   the same kinds.
   * @throws `RangeError` or `TypeError` for feeds that do not fit, and for ids outside their table.
   */
  sizes(feeds: RunFeeds): Sizes {
    let sizes = this.#sizes;
    if (sizes === undefined || !this.#isLikeBefore(feeds)) {
      refuseFrozen("run", feeds, this.#bound);
      sizes = bindFeeds("run", this.#program, { ...feeds, ...this.#bound });
      this.#kinds = new Map(Object.entries(feeds).map(([name, feed]) => [name, readKind(feed)]));
      this.#sizes = sizes;
    }
    if (this.#limits.length > 0) {
      checkIds("run", this.#limits, { ...feeds, ...this.#bound }, sizes);
    }
    return sizes;
  }
}
