import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMinimumCut, type Network } from "./find-minimum-cut.ts";

/** True if a sink can be reached from a source when the nodes of `without` are removed. */
function isOpen({ edges, sources, sinks }: Network, without: ReadonlySet<number>): boolean {
  const reached = new Set(sources.filter((node) => !without.has(node)));
  for (const node of reached) {
    for (const [from, to] of edges) if (from === node && !without.has(to)) reached.add(to);
  }
  return sinks.some((node) => reached.has(node));
}

/** Minimum capacity that separates sources from sinks, by trying all sets of nodes. */
function findLeastCapacity(network: Network): number {
  const nodes = [...network.capacities];
  let least = Infinity;
  for (let set = 0; set < 2 ** nodes.length; set++) {
    const chosen = nodes.filter((_, i) => (set >> i) & 1);
    const capacity = chosen.reduce((sum, [, each]) => sum + each, 0);
    if (capacity < least && !isOpen(network, new Set(chosen.map(([node]) => node)))) {
      least = capacity;
    }
  }
  return least;
}

const numNodes = 7;
const node = fc.integer({ min: 0, max: numNodes - 1 });
const networks = fc.record({
  capacities: fc
    .array(fc.integer({ min: 1, max: 9 }), { minLength: numNodes, maxLength: numNodes })
    .map((list) => new Map(list.map((capacity, i) => [i, capacity]))),
  edges: fc.array(fc.tuple(node, node), { maxLength: 16 }),
  sources: fc.array(node, { maxLength: 3 }),
  sinks: fc.array(node, { maxLength: 3 }),
});

describe("findMinimumCut", () => {
  it("cuts at the minimum capacity", () => {
    // Nodes 1 and 2 are computed from 0, and 3 needs both: the capacity of 0 is smaller than their
    // sum.
    const capacities = new Map([
      [0, 3],
      [1, 2],
      [2, 2],
      [3, 8],
    ]);
    const edges = [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ] as const;
    expect(findMinimumCut({ capacities, edges, sources: [0], sinks: [3] })).toEqual(new Set([0]));
  });

  it("prefers the nodes closest to the sinks", () => {
    const capacities = new Map([0, 1, 2].map((each) => [each, 5]));
    const edges = [
      [0, 1],
      [1, 2],
    ] as const;
    expect(findMinimumCut({ capacities, edges, sources: [0], sinks: [2] })).toEqual(new Set([2]));
  });

  it("cuts nothing without sources", () => {
    const capacities = new Map([0, 1].map((each) => [each, 5]));
    expect(findMinimumCut({ capacities, edges: [], sources: [0], sinks: [1] })).toEqual(new Set());
  });

  it("separates sources from sinks at the minimum capacity of all sets", () => {
    fc.assert(
      fc.property(networks, (network) => {
        const cut = findMinimumCut(network);
        expect(isOpen(network, cut)).toBe(false);
        const capacity = [...cut].reduce((sum, each) => sum + network.capacities.get(each)!, 0);
        expect(capacity).toBe(findLeastCapacity(network));
      }),
    );
  });
});
