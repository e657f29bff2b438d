import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { plainText } from "../chat-template.ts";
import {
  bestLakePolicy,
  frozenlakeTasksSchema,
  generateLakes,
  lakeEnvironment,
  neighbour,
  openFrozenlakeTasks,
  ragenLakeFormat,
  readLake,
  shortestLakePath,
  listSlips,
  writeLake,
} from "./index.ts";

/** The 4x4 map of Gymnasium. */
const lake = readLake("P___\n_O_O\n___O\nO__G");

describe("steps", () => {
  it("lead to a neighbour, or nowhere at the edge", () => {
    expect(neighbour(lake, 0, "Left")).toBe(0);
    expect(neighbour(lake, 0, "Right")).toBe(1);
    expect(neighbour(lake, 3, "Right")).toBe(3);
    expect(neighbour(lake, 12, "Down")).toBe(12);
    expect(neighbour(lake, 12, "Up")).toBe(8);
  });

  it("slip to either side, never back, as in Gymnasium", () => {
    expect(listSlips("Left")).toEqual(["Up", "Left", "Down"]);
    expect(listSlips("Up")).toEqual(["Right", "Up", "Left"]);
  });
});

describe("an episode on firm ice", () => {
  it("is lost in a hole and won in the goal", async () => {
    const hole = lakeEnvironment(lake);
    expect((await hole.reset()).text).toBe(
      "Turn 1:\nState:\nP___\n_O_O\n___O\nO__G\nYou have 10 actions left.",
    );
    expect(await hole.step("Down || Right || Left")).toEqual({
      text: "Reward:\n0.0\n\nTurn 2:\nState:\n____\n_X_O\n___O\nO__G\nYou have 8 actions left.",
      reward: 0,
      isTerminal: true,
      isSuccess: false,
      admissibleActions: [],
    });
    const goal = lakeEnvironment(lake, { text: "compact" });
    expect(await goal.reset()).toEqual({
      text: "pa1 gd4 ob2 ob4 oc4 od1",
      admissibleActions: ["Down", "Right"],
    });
    for (const step of shortestLakePath(lake)!.slice(0, -1)) await goal.step(step);
    expect(await goal.step("Right")).toMatchObject({
      text: "pd4 gd4 ob2 ob4 oc4 od1",
      reward: 1,
      isTerminal: true,
      isSuccess: true,
    });
  });
});

it("draws the player in the goal as RAGEN does", () => {
  expect(writeLake(lake, lake.goal)).toBe("____\n_O_O\n___O\nO__√");
});

it("lists RAGEN's directions in its order, and speaks of slippery ice only where it is", () => {
  const prompt = (isSlippery: boolean): string =>
    ragenLakeFormat({ isSlippery, template: plainText }).prompt([], { text: "" });
  expect(prompt(true)).toContain("\nYour available actions are:\nLeft, Down, Right, Up\n");
  expect(prompt(true)).toContain("The ice is slippery");
  expect(prompt(false)).not.toContain("slippery");
});

describe("slippery ice", () => {
  it("slips alike in every episode of a task", async () => {
    const play = async (seed: string): Promise<string> => {
      const environment = lakeEnvironment(lake, { slips: createRandom(seed), maxMoves: 4 });
      await environment.reset();
      return (await environment.step("Right || Right || Right || Right")).text;
    };
    expect(await play("a")).toBe(await play("a"));
    const ends = await Promise.all(["a", "b", "c", "d"].map(play));
    expect(new Set(ends).size).toBeGreaterThan(1);
  });

  it("is crossed as often as the best policy says", () => {
    // With 2,000 episodes, the standard deviation of a share is at most 0.0112; four of them are
    // allowed.
    const maxSteps = 30;
    const policy = bestLakePolicy(lake, { isSlippery: true, maxSteps });
    const random = createRandom(1);
    let won = 0;
    for (let episode = 0; episode < 2000; episode++) {
      let cell = lake.start;
      for (let left = maxSteps; left > 0 && lake.holes[cell] === false; left--) {
        if (cell === lake.goal) break;
        cell = neighbour(lake, cell, random.choice(listSlips(policy.stepIn(cell, left))));
      }
      if (cell === lake.goal) won++;
    }
    expect(Math.abs(won / 2000 - policy.success)).toBeLessThan(0.045);
    // Without a limit on steps, Gymnasium's map is won in 14 of 17 episodes.
    const { success } = bestLakePolicy(lake, { isSlippery: true, maxSteps: 2000 });
    expect(success).toBeCloseTo(14 / 17, 6);
  });
});

describe("readLake", () => {
  it.for<[string, string]>([
    ["P_\n_", "row 1 must have as many cells as row 0 (2), got 1"],
    ["PX\n_G", "symbols must be among P _ O G, got X"],
    ["__\n_G", "a lake must have one player, got 0"],
    ["PG\n_G", "a lake must have one goal, got 2"],
  ])("refuses %j", ([text, message]) => {
    expect(() => readLake(text)).toThrow(new RangeError(`readLake: ${message}`));
  });
});

describe("generateLakes", () => {
  const options = { size: 4, holeShare: 0.3, minPath: 2, count: 30 };

  it("gives the same lakes for the same seed, none of them in both splits", () => {
    const ids = (seed: number, split: "train" | "held_out" = "train"): string[] =>
      generateLakes({ ...options, seed, split }).map(({ id }) => id);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
    const train = new Set([...ids(1), ...ids(2), ...ids(3)]);
    expect(ids(4, "held_out").some((id) => train.has(id))).toBe(false);
  });

  it("refuses what cannot be", () => {
    expect(() => generateLakes({ ...options, seed: 1, holeShare: 1 })).toThrow(
      "generateLakes: holeShare must be in [0, 1), got 1",
    );
    expect(() => generateLakes({ ...options, seed: 1, size: 2, count: 500 })).toThrow(
      /^generateLakes: count must be at most .*, got 500, but found only \d+ in split train$/u,
    );
  });
});

it("opens lakes by their settings", async () => {
  const tasks = frozenlakeTasksSchema.parse({
    environment: "frozenlake",
    size: 4,
    holeShare: 0.2,
    minPath: 2,
    isSlippery: true,
    format: "compact",
    maxMoves: 10,
    numTraining: 3,
    evaluation: [{ split: "held_out", numTasks: 2 }],
  });
  const source = await openFrozenlakeTasks(tasks, { maxTurns: 10, successReward: 10 }, 1);
  expect(source.description).toBe(
    "slippery lakes of 4 x 4, holes with probability 0.2; 3 to train, 2 of held_out to evaluate",
  );
  await expect(
    openFrozenlakeTasks({ ...tasks, template: "messages" }, { maxTurns: 10, successReward: 10 }, 1),
  ).rejects.toThrow("frozenlake: tasks.template must be chat-markup or plain");
});
