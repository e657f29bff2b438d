import { environmentLaws } from "@turnwise/envs/laws";
import { describe, it } from "vitest";
import { createTasks } from "./number-game.ts";

describe("number-game", () => {
  for (const { name, check } of environmentLaws(createTasks(7))) it(`law of ${name}`, check);
});
