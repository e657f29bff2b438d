import { expect, it } from "vitest";
import { JoinedObservations } from "./joined-observations.ts";

it("puts earlier observations and actions before the current one, oldest first", () => {
  const joined = new JoinedObservations({ numObservations: 1, numActions: 2 });
  expect(joined.next("o0")).toBe("o0");
  expect(joined.next("o1", "a1")).toBe("o0 [SEP] a1 [SEP] o1");
  expect(joined.next("o2", "a2")).toBe("a1 [SEP] o1 [SEP] a2 [SEP] o2");
});

it("leaves observations unchanged by default, and rejects counts below 0", () => {
  const joined = new JoinedObservations();
  joined.next("o0");
  expect(joined.next("o1", "a1")).toBe("o1");
  expect(() => new JoinedObservations({ numActions: -1 })).toThrow(
    "numActions must be a whole number >= 0, got -1",
  );
});
