import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showPhases } from "./phase-progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("shows counts, speed and time left of each phase", () => {
  const lines: string[] = [];
  const { onPhase, stop } = showPhases((line) => lines.push(line), "iteration 1 of 9", {});
  onPhase("collect", 0, { done: 0, total: 8, unit: "episodes" });
  vi.advanceTimersByTime(10_000);
  onPhase("collect", 0.25, { done: 2, total: 8, unit: "episodes" });
  onPhase("score", 0);
  vi.advanceTimersByTime(2000);
  onPhase("score", 0.5, { done: 1000, total: 2000, unit: "tokens" });
  stop();
  expect(lines).toEqual([
    "iteration 1 of 9: collect 0.0%, 0 of 8 episodes",
    "iteration 1 of 9: collect 25.0%, 2 of 8 episodes, 0:30 left",
    "iteration 1 of 9: score 0.0%",
    "iteration 1 of 9: score 50.0%, 1,000 of 2,000 tokens at 500/s, 0:02 left",
  ]);
});

test("polls the sampler's token counts only while episodes are played", async () => {
  const lines: string[] = [];
  let numSampled = 100;
  const tokenCounts = vi.fn(async () => ({ numRead: 5 * numSampled, numSampled }));
  const progress = showPhases((line) => lines.push(line), "evaluating", { tokenCounts });
  progress.onPhase("held_out", 0, { done: 0, total: 4, unit: "episodes" });
  await vi.advanceTimersByTimeAsync(1000);
  numSampled = 300;
  await vi.advanceTimersByTimeAsync(3000);
  expect(lines.at(-1)).toBe(
    "evaluating: held_out 0.0%, 0 of 4 episodes, 1,000 tokens read, 200 sampled at 50/s",
  );
  progress.stop();
  const { length } = tokenCounts.mock.calls;
  await vi.advanceTimersByTimeAsync(5000);
  expect(tokenCounts.mock.calls).toHaveLength(length);
});
