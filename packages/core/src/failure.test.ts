import { describe, expect, it } from "vitest";
import { FailureError, failureKindOf, failureKinds, isInfrastructure } from "./failure.ts";

describe("failureKindOf", () => {
  it("returns the kind that an error declares, whatever its class", () => {
    for (const kind of failureKinds) {
      expect(failureKindOf(new FailureError(kind, "broken"))).toBe(kind);
      expect(failureKindOf(Object.assign(new Error("broken"), { kind }))).toBe(kind);
    }
  });

  it("follows causes, and stops at a cycle", () => {
    const engine = new FailureError("engine", "unreachable");
    const outer = new Error("step", { cause: new Error("exec", { cause: engine }) });
    expect(failureKindOf(outer)).toBe("engine");
    const ring = new Error("ring");
    ring.cause = ring;
    expect(failureKindOf(ring)).toBeUndefined();
  });

  it("prefers the outermost kind", () => {
    const inner = new FailureError("network", "reset");
    expect(failureKindOf(new FailureError("engine", "pull", { cause: inner }))).toBe("engine");
  });

  it("recognizes system error codes and timeouts", () => {
    const withCode = (code: string): Error => Object.assign(new Error(code), { code });
    expect(failureKindOf(withCode("ECONNREFUSED"))).toBe("network");
    expect(failureKindOf(new TypeError("fetch failed", { cause: withCode("ECONNRESET") }))).toBe(
      "network",
    );
    expect(failureKindOf(withCode("ENOSPC"))).toBe("resources");
    expect(failureKindOf(new DOMException("too slow", "TimeoutError"))).toBe("timeout");
  });

  it("returns undefined for errors of another kind and for values that are not errors", () => {
    expect(failureKindOf(new RangeError("index"))).toBeUndefined();
    expect(failureKindOf(Object.assign(new Error("x"), { kind: "weather" }))).toBeUndefined();
    expect(failureKindOf(Object.assign(new Error("x"), { code: "constructor" }))).toBeUndefined();
    for (const value of [undefined, null, "engine", 3]) {
      expect(failureKindOf(value)).toBeUndefined();
    }
  });
});

it("counts engine, image, network and protocol as infrastructure", () => {
  expect(failureKinds.filter(isInfrastructure)).toEqual(["engine", "image", "network", "protocol"]);
});
