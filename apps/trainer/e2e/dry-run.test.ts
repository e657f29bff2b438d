import { expect, it } from "vitest";
import { runTurnwise } from "./turnwise.ts";

it("prints only settings to standard output, and estimates of memory, tokens and time to standard error", async () => {
  const { code, stdout, stderr } = await runTurnwise([
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
  expect(stderr).toMatch(/^tokens: about [\d,]+ per iteration, [\d,]+ of them sampled$/mu);
  expect(stderr).toMatch(
    /^assumed: 256 episodes of [\d.]+ turns \(limit 20\), [\d,]+ tokens read and [\d,]+ sampled per turn/mu,
  );
  expect(stderr).toMatch(
    /^speed: [\d,]+ turns\/s \(\d+ episodes at once\), .* in a short probe$/mu,
  );
  expect(stderr).toMatch(/^time: about [\d:]+: 2 iterations of [\d:]+, /mu);
});
