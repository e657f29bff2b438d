import { describe, expect, it } from "vitest";
import { defineLaw } from "./law.ts";

describe("defineLaw", () => {
  it("passes if its check passes", () => {
    expect(() => defineLaw("one is one", "arithmetic", () => undefined).check()).not.toThrow();
  });

  it("names the law that does not hold, the reason and the source", () => {
    const { check } = defineLaw("one is two", "nowhere", () => {
      throw new Error("counterexample: [1]", { cause: new Error("1 is not 2") });
    });
    expect(() => check()).toThrow(
      'law "one is two" (nowhere) does not hold\ncounterexample: [1]\n1 is not 2',
    );
  });

  it("waits for an asynchronous check", async () => {
    const { check } = defineLaw("late", "nowhere", () => Promise.reject(new Error("too late")));
    await expect(check()).rejects.toThrow('law "late" (nowhere) does not hold\ntoo late');
  });
});
