import { expect, it } from "vitest";
import { kebabCase, toKebabKeys } from "./kebab-case.ts";

it("names exported values in kebab case", () => {
  const names = ["ppo", "deepSwe", "reinforcePlusPlus", "passAtKGrpo", "Grpo"];
  expect(names.map(kebabCase)).toEqual([
    "ppo",
    "deep-swe",
    "reinforce-plus-plus",
    "pass-at-k-grpo",
    "grpo",
  ]);
  expect(toKebabKeys({ drGrpo: 1, ppo: 2 })).toEqual({ "dr-grpo": 1, ppo: 2 });
});
