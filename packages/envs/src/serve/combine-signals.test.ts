import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { combineSignals } from "./combine-signals.ts";

describe("combineSignals", () => {
  it("aborts with the first signal and its reason", () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const { signal } = combineSignals(one.signal, two.signal);
    expect(signal.aborted).toBe(false);
    two.abort("closed");
    one.abort("late");
    expect(signal.reason).toBe("closed");
    expect(combineSignals(AbortSignal.abort("before"), one.signal).signal.reason).toBe("before");
  });

  it("leaves no listeners after detach", () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const { signal, detach } = combineSignals(one.signal, two.signal);
    detach();
    for (const source of [one.signal, two.signal]) {
      expect(getEventListeners(source, "abort")).toEqual([]);
    }
    one.abort();
    expect(signal.aborted).toBe(false);
  });
});
