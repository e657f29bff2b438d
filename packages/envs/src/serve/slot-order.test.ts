import { describe, expect, it } from "vitest";
import { slotOrder } from "./slot-order.ts";

describe("slotOrder", () => {
  it("draws verl-agent's goals, as numpy does", () => {
    // python3 -c 'import numpy; r = numpy.random.RandomState(7)
    //   for _ in range(3): print(r.choice(range(500, 6910), 4, replace=False))'
    const draws = [
      [4958, 1682, 2204, 5916],
      [1872, 5642, 1249, 5424],
      [2167, 6789, 6491, 2422],
    ];
    for (const slot of [0, 1, 2, 3]) {
      const order = slotOrder(6910 - 500, 7, { slot, slots: 4 });
      for (const goals of draws) expect(500 + order.next().value).toBe(goals[slot]);
    }
  });

  it("rejects more slots than tasks", () => {
    expect(() => slotOrder(3, 7, { slot: 0, slots: 4 }).next()).toThrow(
      "slotOrder: slots must be a whole number in [1, 3], got 4",
    );
  });
});
