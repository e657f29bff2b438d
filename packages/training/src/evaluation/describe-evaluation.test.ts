import { recordVersion, type Group, type Outcome, type Turn } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { findEnvironment } from "../environments/environments.ts";
import { formatEvaluation, toEvaluationRecord } from "./describe-evaluation.ts";
import { summarizeEvaluation } from "./evaluate.ts";
import { listPaperResults } from "./list-paper-results.ts";
import { countTokens } from "./count-tokens.ts";

const turn = (change: Partial<Turn> = {}): Turn => ({
  promptTokens: [1, 2, 3],
  responseTokens: [4, 0],
  samplerLogProbs: [-1, -1],
  action: "look",
  isValidAction: true,
  observation: "",
  reward: 1,
  ...change,
});
const outcomes: Readonly<Record<string, Outcome>> = {
  s: { kind: "terminated", isSuccess: true },
  f: { kind: "truncated", limit: "turns" },
  x: { kind: "failed", error: { kind: "network", message: "gone" } },
};
/** Creates the group of a task; each letter is an episode: success, failure or failed. */
function group(
  kind: string,
  episodes: string,
  turns: readonly Turn[] = [turn()],
  presentation: "turn-wise" | "concatenated" = "turn-wise",
): Group {
  return {
    id: kind,
    task: { id: kind, kind },
    trajectories: Array.from(episodes, (letter, trajectoryIndex) => ({
      version: recordVersion,
      taskId: kind,
      taskKind: kind,
      groupId: kind,
      trajectoryIndex,
      presentation,
      policyVersion: 0,
      firstObservation: "",
      turns,
      outcome: outcomes[letter]!,
    })),
  };
}

const counted = turn({
  samplerLogProbs: [],
  usage: { promptTokens: 900, responseTokens: 100 },
  isValidAction: false,
});

describe("an evaluation's report", () => {
  const report = summarizeEvaluation([
    group("heat", "ssfx", [counted, turn({ ...counted, isValidAction: true })]),
    group("look", "ffxx", [counted]),
  ]);
  const context = { samples: 4, seconds: 75, paper: [], prices: { prompt: 3, response: 15 } };

  it("has rates with intervals of graded episodes, tokens, cost and both pass rates", () => {
    const record = toEvaluationRecord(report, context);
    expect(record).toMatchObject({
      tasks: 2,
      episodes: 8,
      failed: 3,
      failedNetwork: 3,
      success: 0.4,
      successRate: { success: 0.4, tasks: 2, episodes: 5, confidence: 0.95 },
      successRateByKind: {
        heat: { success: 2 / 3, episodes: 3 },
        look: { success: 0, episodes: 2 },
      },
      // 4 episodes of 2 turns and 4 of 1 turn, including failed episodes.
      tokens: { promptTokens: 12 * 900, responseTokens: 12 * 100 },
      seconds: 75,
      passAtK: { 1: expect.closeTo(1 / 3, 12), 2: 0.5, 3: 1 },
      passAllK: { 1: expect.closeTo(1 / 3, 12), 2: expect.closeTo(1 / 6, 12), 3: 0 },
    });
    // 10,800 tokens at 3 per million, 1,200 at 15 per million.
    expect(record["cost"]).toBeCloseTo(0.0324 + 0.018, 12);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it("is a table for people", () => {
    const lines = formatEvaluation(report, context);
    expect(lines[0]).toBe("success 40.0% of 5 episodes of 2 tasks, failed 3/8, 1.6 turns");
    expect(lines).toContain("pass@2 50.0%                     pass^2 16.7%");
    expect(lines).toContain("tokens 10,800 in prompts, 1,200 in responses");
    expect(lines).toContain("cost 0.0504");
    expect(lines).toContain("time 1:15");
    expect(lines.find((line) => line.startsWith("heat"))).toMatch(/66\.7%.* to .*3$/u);
  });

  it("prints no cost without prices, and no tokens that nobody counted", () => {
    const { prices: _, ...unpriced } = context;
    expect(toEvaluationRecord(report, unpriced)).not.toHaveProperty("cost");
    const silent = summarizeEvaluation([group("look", "s", [turn({ samplerLogProbs: [] })])]);
    expect(toEvaluationRecord(silent, context)).not.toHaveProperty("tokens");
    expect(formatEvaluation(silent, context).join("\n")).not.toMatch(/tokens|cost/u);
  });

  it("has no rate if nothing was graded", () => {
    const broken = summarizeEvaluation([group("look", "x")]);
    expect(toEvaluationRecord(broken, context)).not.toHaveProperty("successRate");
  });
});

it("counts whole prompts, also of growing sequences", () => {
  const turns = [turn(), turn()];
  const totals = (presentation: "turn-wise" | "concatenated") =>
    countTokens(group("look", "s", turns, presentation).trajectories);
  expect(totals("turn-wise")).toEqual({ promptTokens: 6, responseTokens: 4 });
  // The second prompt consists of the first prompt (3), the response (2), and 3 more tokens.
  expect(totals("concatenated")).toEqual({ promptTokens: 3 + 8, responseTokens: 4 });
});

it("shows the paper's rows of the benchmark, which are experiments", () => {
  const rows = listPaperResults(findEnvironment("alfworld")!);
  expect(rows).toContainEqual({
    experiment: "paper-alfworld-qwen2.5-1.5b-grpo-aem",
    model: "Qwen2.5-1.5B-Instruct",
    algorithm: "grpo",
    modulation: "aem",
    success: 0.768,
  });
  expect(listPaperResults(findEnvironment("sokoban")!)).toEqual([]);
  const lines = formatEvaluation(summarizeEvaluation([group("look", "s")]), {
    samples: 1,
    seconds: 1,
    paper: rows,
  });
  expect(lines).toContain("Qwen2.5-1.5B-Instruct   grpo + aem      success 76.8%");
});
