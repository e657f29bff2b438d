import { expect, it } from "vitest";
import { turnwise } from "./turnwise.ts";

it("prints the settings alone on standard output, and estimates of memory, tokens and time on standard error", async () => {
  const { code, stdout, stderr } = await turnwise([
    "train",
    "alfworld",
    "--dry-run",
    "--set",
    "tasks.numTraining=8",
    "--set",
    "training.iterations=2",
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    experiment: "alfworld",
    training: { iterations: 2 },
  });
  expect(stderr).toMatch(/^memory: .* needed .*, .* available$/mu);
  expect(stderr).toMatch(
    /^tokens: at most [\d,]+ prompt and [\d,]+ response tokens an iteration/mu,
  );
  expect(stderr).toMatch(/^speed: reads [\d,]+, samples [\d,]+ .* tokens\/s in a short probe$/mu);
  expect(stderr).toMatch(/^time: at most [\d:]+ an iteration, [\d:]+ for 2/mu);
});
