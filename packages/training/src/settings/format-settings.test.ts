import { expect, test } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { createLanguageModelRun } from "../environments/create-language-model-run.ts";
import { formatSettings } from "./format-settings.ts";

test("writes learning rates with an exponent, and reads back the same", () => {
  const settings = { rate: 1e-6, weights: [0.25, 0.0005, -1e-9, 0], name: '"0.0001', none: null };
  expect(formatSettings(settings)).toBe(
    String.raw`{"rate":1e-6,"weights":[0.25,5e-4,-1e-9,0],"name":"\"0.0001","none":null}`,
  );
  expect(JSON.parse(formatSettings(settings, 2))).toEqual(settings);
});

test("gives language models round learning rates, with and without an adapter", () => {
  for (const [rank, rate] of [
    [undefined, "1e-6"],
    [16, "1e-5"],
  ] as const) {
    const config = createLanguageModelRun(householdGames(1), "folder", rank);
    expect(formatSettings(config.training)).toContain(`"learningRate":${rate},`);
    expect(JSON.parse(formatSettings(config))).toEqual(config);
  }
});
