import { recordVersion, type Outcome, type Trajectory } from "@turnwise/core";
import { expect, it } from "vitest";
import { formatStopReasons, countStopReasons } from "./count-stop-reasons.ts";

const trajectory = (taskId: string, outcome: Outcome): Trajectory => ({
  version: recordVersion,
  taskId,
  taskKind: "k",
  groupId: "g",
  trajectoryIndex: 0,
  presentation: "turn-wise",
  policyVersion: 0,
  firstObservation: "",
  turns: [],
  outcome,
});

const failed = (kind: "engine" | "protocol", message: string): Outcome => ({
  kind: "failed",
  error: { kind, message },
});

it("counts stop reasons, with the first episode of each", () => {
  const message = "prompt of 700 tokens and response of at most 512 exceed 1024";
  const reasons = countStopReasons([
    trajectory("a", { kind: "terminated", isSuccess: true }),
    trajectory("b", { kind: "truncated", limit: "tokens", message }),
    trajectory("c", { kind: "truncated", limit: "tokens", message: "another" }),
    trajectory("d", failed("engine", "connect\nECONNREFUSED")),
    trajectory("e", failed("protocol", "status 400")),
    trajectory("f", { kind: "terminated", isSuccess: false }),
  ]);
  const example = (taskId: string) => ({ taskId, trajectoryIndex: 0, numTurns: 0 });
  expect(reasons).toEqual([
    { reason: "truncated: tokens", count: 2, example: { ...example("b"), message } },
    { reason: "solved", count: 1, example: example("a") },
    {
      reason: "failed: engine",
      count: 1,
      example: { ...example("d"), message: "connect\nECONNREFUSED" },
    },
    { reason: "failed: protocol", count: 1, example: { ...example("e"), message: "status 400" } },
    { reason: "unsolved", count: 1, example: example("f") },
  ]);
  const lines = formatStopReasons(reasons);
  expect(lines[0]).toBe(`truncated: tokens         2 of 6  first: b, 0 turns: ${message}`);
  expect(lines[1]).toBe("solved                    1 of 6  first: a, 0 turns");
  expect(lines[2]).toMatch(/first: d, 0 turns: connect ECONNREFUSED$/u);
});

it("has no reasons for no episodes", () => {
  expect(countStopReasons([])).toEqual([]);
  expect(formatStopReasons([])).toEqual([]);
});
