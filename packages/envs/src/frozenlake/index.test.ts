import { expect, it } from "vitest";
import * as frozenlake from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(frozenlake).sort()).toEqual([
    "bestLakePolicy",
    "compactGridFormat",
    "compactGridMarkers",
    "frozenlakeTasksSchema",
    "generateLakes",
    "lakeDirections",
    "lakeEnvironment",
    "lakeSymbols",
    "listSlips",
    "neighbour",
    "openFrozenlakeTasks",
    "ragenLakeFormat",
    "readLake",
    "shortestLakePath",
    "writeLake",
  ]);
});
