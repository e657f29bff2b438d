import { expect, it } from "vitest";
import * as sokoban from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(sokoban).sort()).toEqual([
    "compactGridFormat",
    "compactGridMarkers",
    "generateSokobanLevels",
    "gymSokobanRewards",
    "move",
    "openSokobanTasks",
    "ragenSokobanFormat",
    "readRoom",
    "shortestSokobanPlan",
    "sokobanEnvironment",
    "sokobanSymbols",
    "sokobanTasksSchema",
    "writeRoom",
  ]);
});
