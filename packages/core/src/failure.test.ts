import { describe, expect, it } from "vitest";
import { FailureError, findFailureKind, failureKinds, isInfrastructure } from "./failure.ts";

describe("findFailureKind", () => {
  it("returns the kind that an error declares, whatever its class", () => {
    for (const kind of failureKinds) {
      expect(findFailureKind(new FailureError(kind, "broken"))).toBe(kind);
      expect(findFailureKind(Object.assign(new Error("broken"), { kind }))).toBe(kind);
    }
  });

  it("follows causes, and stops at a cycle", () => {
    const engine = new FailureError("engine", "unreachable");
    const outer = new Error("step", { cause: new Error("exec", { cause: engine }) });
    expect(findFailureKind(outer)).toBe("engine");
    const ring = new Error("ring");
    ring.cause = ring;
    expect(findFailureKind(ring)).toBeUndefined();
  });

  it("prefers the outermost kind", () => {
    const inner = new FailureError("network", "reset");
    expect(findFailureKind(new FailureError("engine", "pull", { cause: inner }))).toBe("engine");
  });

  it("recognizes system error codes and timeouts", () => {
    const withCode = (code: string): Error => Object.assign(new Error(code), { code });
    expect(findFailureKind(withCode("ECONNREFUSED"))).toBe("network");
    expect(findFailureKind(new TypeError("fetch failed", { cause: withCode("ECONNRESET") }))).toBe(
      "network",
    );
    expect(findFailureKind(withCode("ENOSPC"))).toBe("resources");
    expect(findFailureKind(new DOMException("too slow", "TimeoutError"))).toBe("timeout");
  });

  it("returns undefined for errors of another kind and for values that are not errors", () => {
    expect(findFailureKind(new RangeError("index"))).toBeUndefined();
    expect(findFailureKind(Object.assign(new Error("x"), { kind: "weather" }))).toBeUndefined();
    expect(findFailureKind(Object.assign(new Error("x"), { code: "constructor" }))).toBeUndefined();
    for (const value of [undefined, null, "engine", 3]) {
      expect(findFailureKind(value)).toBeUndefined();
    }
  });
});

it("counts engine, image, network and protocol as infrastructure", () => {
  expect(failureKinds.filter(isInfrastructure)).toEqual(["engine", "image", "network", "protocol"]);
});
