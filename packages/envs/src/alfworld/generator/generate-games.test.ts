import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openGames } from "../open-games.ts";
import { generateGame } from "./generate-game.ts";
import { generateGames } from "./generate-games.ts";
import { householdTaskKinds } from "./household-task.ts";
import { householdSizes } from "./household.ts";
import { writeGames } from "./write-games.ts";

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

describe("generateGame", () => {
  it("makes the same game from the same seed, and a different one from another seed", () => {
    expect(generateGame({ seed: 7 })).toEqual(generateGame({ seed: 7 }));
    expect(generateGame({ seed: 7 }).fingerprint).not.toBe(generateGame({ seed: 8 }).fingerprint);
  });

  it("makes every kind of task in every size", () => {
    for (const size of householdSizes) {
      for (const taskKind of householdTaskKinds) {
        const game = generateGame({ seed: "kinds", size, taskKind });
        expect(game.taskKind).toBe(taskKind);
        expect(game.name).toMatch(
          new RegExp(`^${taskKind}-[A-Za-z]+-None-[A-Za-z]+-\\d+/trial_[0-9a-f]{16}$`),
        );
        expect(game.walkthrough.length).toBeGreaterThanOrEqual(3);
      }
    }
  });

  it("furnishes a small room with 5 to 7 receptacles and 5 to 8 objects, a medium one with more", () => {
    for (let seed = 0; seed < 50; seed++) {
      const small = generateGame({ seed, size: "small" }).pddl_problem;
      expect(count(small, /\(receptacleAtLocation \w/g)).toBeGreaterThanOrEqual(5);
      expect(count(small, /\(receptacleAtLocation \w/g)).toBeLessThanOrEqual(7);
      expect(count(small, /\(inReceptacle \w/g)).toBeGreaterThanOrEqual(5);
      expect(count(small, /\(inReceptacle \w/g)).toBeLessThanOrEqual(8);
      const medium = generateGame({ seed, size: "medium" }).pddl_problem;
      expect(count(medium, /\(receptacleAtLocation \w/g)).toBeGreaterThanOrEqual(10);
      expect(count(medium, /\(receptacleAtLocation \w/g)).toBeLessThanOrEqual(14);
    }
  });

  it("gives every receptacle its own location by default", () => {
    const locations = (sharedLocations: number): Set<string> =>
      new Set(
        [
          ...generateGame({
            seed: 3,
            size: "medium",
            sharedLocations,
          }).pddl_problem.matchAll(/\(receptacleAtLocation \w+ (\w+)\)/g),
        ].map((match) => match[1]!),
      );
    expect(locations(0).size).toBeGreaterThanOrEqual(10);
    expect(locations(1).size).toBe(1);
  });

  it("rejects unknown options", () => {
    expect(() => generateGame({ seed: 1, sharedLocations: 1.5 })).toThrow(
      new RangeError("generateGame: sharedLocations must be in [0, 1], got 1.5"),
    );
    // @ts-expect-error: an invalid size, which plain JavaScript could pass
    expect(() => generateGame({ seed: 1, size: "huge" })).toThrow(
      new RangeError("generateGame: size must be one of tiny, small, medium, large, got huge"),
    );
  });
});

describe("generateGames", () => {
  it("cycles through the kinds and makes no game twice", () => {
    const games = generateGames({ seed: 1, count: 60 });
    expect(games.map((game) => game.taskKind)).toEqual(
      games.map((_, i) => householdTaskKinds[i % householdTaskKinds.length]),
    );
    expect(new Set(games.map((game) => game.fingerprint)).size).toBe(60);
    expect(new Set(games.map((game) => game.name)).size).toBe(60);
  });

  it("makes disjoint games for the two splits, even from the same seed", () => {
    const options = { seed: 1, count: 150, taskKinds: ["pick_and_place_simple"] } as const;
    const train = generateGames({ ...options, split: "train" });
    const heldOut = generateGames({ ...options, split: "held_out" });
    const trained = new Set(train.map((game) => game.fingerprint));
    expect(heldOut.filter((game) => trained.has(game.fingerprint))).toEqual([]);
    expect(heldOut.every((game) => game.split === "held_out")).toBe(true);
    expect(train.every((game) => game.split === "train")).toBe(true);
  });

  it("starts a longer set with the shorter one", () => {
    expect(generateGames({ seed: "set", count: 12 }).slice(0, 5)).toEqual(
      generateGames({ seed: "set", count: 5 }),
    );
    expect(generateGames({ seed: "set", count: 0 })).toEqual([]);
  });

  it("rejects an invalid count and an empty list of kinds", () => {
    expect(() => generateGames({ seed: 1, count: -1 })).toThrow(
      new RangeError("generateGames: count must be a whole number >= 0, got -1"),
    );
    expect(() => generateGames({ seed: 1, count: 1, taskKinds: [] })).toThrow(
      new RangeError("generateGames: taskKinds must not be empty, got length 0"),
    );
  });
});

describe("writeGames", () => {
  it("writes folders like a released data set, whose games can be opened and won", async () => {
    const folder = await mkdtemp(join(tmpdir(), "turnwise-games-"));
    try {
      const games = generateGames({ seed: 1, count: 12 });
      const files = await writeGames(folder, games);
      expect(files).toEqual(games.map(({ name }) => join(folder, "train", name, "game.tw-pddl")));

      const opened = await openGames(folder);
      expect(opened.skipped).toEqual([]);
      const tasks = opened.select({ split: "train" });
      expect(tasks.map(({ kind }) => kind).sort()).toEqual(
        games.map((game) => game.taskKind).sort(),
      );
      for (const { id } of tasks) {
        const state = (await opened.load(id)).start();
        for (const command of state.game.walkthrough!) state.step(command);
        expect(state.isWon).toBe(true);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
