/** Flow network from sources to sinks. Nodes are numbers. */
export interface Network {
  /** Capacity of each node, `> 0`. */
  readonly capacities: ReadonlyMap<number, number>;
  /** Directed edges of unlimited capacity. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly sources: readonly number[];
  readonly sinks: readonly number[];
}

/** Edge of the residual network, with the index of its reverse edge. */
interface Arc {
  readonly to: number;
  left: number;
  readonly back: number;
}

/**
 * Finds the minimum vertex cut: the set of nodes with the smallest total capacity that separates
 * sources from sinks. If several sets are minimal, returns the one closest to the sinks. Uses
 * Dinic's algorithm, with each node split into an entrance and an exit.
 */
export function findMinimumCut({
  capacities,
  edges,
  sources,
  sinks,
}: Network): ReadonlySet<number> {
  const places = new Map([...capacities.keys()].map((node, i) => [node, i]));
  const entrance = (node: number): number => 2 * places.get(node)!;
  const [source, sink] = [2 * places.size, 2 * places.size + 1];
  const arcs: Arc[][] = Array.from({ length: 2 * places.size + 2 }, () => []);
  const connect = (from: number, to: number, capacity: number): void => {
    arcs[from]!.push({ to, left: capacity, back: arcs[to]!.length });
    arcs[to]!.push({ to: from, left: 0, back: arcs[from]!.length - 1 });
  };
  for (const [node, capacity] of capacities) connect(entrance(node), entrance(node) + 1, capacity);
  for (const [from, to] of edges) connect(entrance(from) + 1, entrance(to), Infinity);
  for (const node of sources) connect(source, entrance(node), Infinity);
  for (const node of sinks) connect(entrance(node) + 1, sink, Infinity);

  for (;;) {
    const levels = computeDistances(arcs, source);
    if (levels[sink]! < 0) break;
    const next = arcs.map(() => 0);
    while (augmentPath(arcs, levels, next, source, sink)) {
      // Repeat until no path of this length has residual capacity.
    }
  }
  // Collect the nodes that can still reach a sink. The cut closest to the sinks consists of the
  // edges into these nodes.
  const open = new Set([sink]);
  const waiting = [sink];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const { to, back } of arcs[place]!) {
      if (open.has(to) || arcs[to]![back]!.left === 0) continue;
      open.add(to);
      waiting.push(to);
    }
  }
  return new Set(
    [...capacities.keys()].filter(
      (node) => !open.has(entrance(node)) && open.has(entrance(node) + 1),
    ),
  );
}

/**
 * Number of arcs with residual capacity on the shortest path from the source to each node; -1 if
 * there is no path.
 */
function computeDistances(arcs: readonly (readonly Arc[])[], source: number): Int32Array {
  const levels = new Int32Array(arcs.length).fill(-1);
  levels[source] = 0;
  const queue = [source];
  for (const place of queue) {
    for (const { to, left } of arcs[place]!) {
      if (left === 0 || levels[to]! >= 0) continue;
      levels[to] = levels[place]! + 1;
      queue.push(to);
    }
  }
  return levels;
}

/** Augments the flow along one shortest path. @returns False if there is no such path. */
function augmentPath(
  arcs: readonly Arc[][],
  levels: Int32Array,
  next: number[],
  source: number,
  sink: number,
): boolean {
  const path: Arc[] = [];
  let place = source;
  while (place !== sink) {
    const arc = arcs[place]![next[place]!];
    if (arc && (arc.left === 0 || levels[arc.to] !== levels[place]! + 1)) {
      next[place]!++;
    } else if (arc) {
      path.push(arc);
      place = arc.to;
    } else {
      const last = path.pop();
      if (!last) return false;
      place = arcs[last.to]![last.back]!.to;
      next[place]!++;
    }
  }
  const amount = path.reduce((least, { left }) => Math.min(least, left), Infinity);
  for (const arc of path) {
    arc.left -= amount;
    arcs[arc.to]![arc.back]!.left += amount;
  }
  return true;
}
