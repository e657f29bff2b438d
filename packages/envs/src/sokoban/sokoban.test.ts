import { describe, expect, it } from "vitest";
import {
  compactGridFormat,
  generateSokobanLevels,
  move,
  openSokobanTasks,
  readRoom,
  shortestSokobanPlan,
  sokobanEnvironment,
  sokobanTasksSchema,
  writeRoom,
} from "./index.ts";

const level = readRoom("######\n#P_O_#\n#_XX_#\n#_O__#\n######");
const after = (...moves: readonly ("Up" | "Down" | "Left" | "Right")[]): string =>
  writeRoom(
    level,
    moves.reduce((state, one) => move(level, state, one), level.start),
  );

describe("moves", () => {
  it("step, push one box, and stop at walls and at a second box", () => {
    expect(after("Left")).toBe(writeRoom(level, level.start));
    expect(after("Down", "Right")).toBe(after("Down"));
    expect(after("Right", "Down")).toBe("######\n#__O_#\n#_PX_#\n#_√__#\n######");
    expect(after("Right", "Right")).toBe("######\n#__S_#\n#_XX_#\n#_O__#\n######");
    expect(move(level, level.start, "Up")).toBe(level.start);
  });
});

describe("readRoom", () => {
  it.for<[string, string]>([
    ["####\n#P#\n####", "row 1 must have as many cells as row 0 (4), got 3"],
    ["####\n#Pq#\n####", "symbols must be among # _ O √ X P S, got q"],
    ["####\n#P__\n####", "the border must be all wall, got _ in cell 7"],
    ["####\n#__#\n####", "a room must have one player, got 0"],
    ["####\n#P_#\n####", "a room must have boxes, got 0"],
    ["####\n#PX#\n####", "a room must have as many targets as boxes, got 0 and 1"],
  ])("refuses %j", ([text, message]) => {
    expect(() => readRoom(text)).toThrow(new RangeError(`readRoom: ${message}`));
  });
});

describe("shortestSokobanPlan", () => {
  it("knows rooms that are solved or cannot be", () => {
    expect(shortestSokobanPlan(readRoom("#####\n#P√_#\n#####"))).toEqual([]);
    expect(shortestSokobanPlan(readRoom("#####\n#PXO#\n#####"))).toEqual(["Right"]);
    // The box is in a corner, so the room cannot be solved.
    expect(shortestSokobanPlan(readRoom("#####\n#POX#\n#####"))).toBeUndefined();
  });

  it("gives up after the maximum number of states", () => {
    expect(() => shortestSokobanPlan(level, { maxStates: 1 })).toThrow(
      "shortestSokobanPlan: found no plan within 1 states",
    );
  });
});

it("shows small models one word per player, box, target and inner wall", async () => {
  const room = readRoom("#####\n#P_##\n#_XO#\n#####");
  const environment = sokobanEnvironment(room, { text: "compact" });
  const first = await environment.reset();
  expect(first).toEqual({ text: "pb2 xc3 oc4 wb4", admissibleActions: ["Down", "Right"] });
  expect(compactGridFormat.prompt([], first)).toBe("<obs> pb2 xc3 oc4 wb4 <act>");
  expect((await environment.step("jump")).text).toBe("unknown pb2 xc3 oc4 wb4");
  expect((await environment.step("down")).text).toBe("pc2 xc3 oc4 wb4");
  const [floor, wall] = ["floor", "wall"];
  expect(await environment.render!()).toEqual({
    kind: "grid",
    version: 1,
    width: 5,
    height: 4,
    cells: [
      [wall, wall, wall, wall, wall],
      [wall, floor, floor, wall, wall],
      [wall, floor, floor, floor, wall],
      [wall, wall, wall, wall, wall],
    ].flat(),
    agent: 11,
    boxes: [12],
    targets: [13],
    movesLeft: 9,
    result: "open",
  });
});

describe("generateSokobanLevels", () => {
  const options = { width: 6, height: 6, numBoxes: 1, minSolution: 3, maxSolution: 8 };

  it("gives the same rooms for the same seed", () => {
    const ids = (seed: number, count: number): string[] =>
      generateSokobanLevels({ ...options, seed, count }).map(({ id }) => id);
    expect(ids(1, 10)).toEqual(ids(1, 20).slice(0, 10));
    expect(ids(2, 10)).not.toEqual(ids(1, 10));
  });

  it("refuses what cannot be", () => {
    const generate = (changes: object) => () =>
      generateSokobanLevels({ ...options, seed: 1, count: 1, ...changes });
    expect(generate({ width: 3 })).toThrow("generateSokobanLevels: width must be");
    expect(generate({ maxSolution: 2 })).toThrow("generateSokobanLevels: maxSolution must be");
  });
});

it("opens rooms by their settings, as in gym-sokoban's rewards too", async () => {
  const tasks = sokobanTasksSchema.parse({
    environment: "sokoban",
    width: 6,
    height: 6,
    numBoxes: 1,
    minSolution: 6,
    maxSolution: 6,
    format: "ragen",
    reward: "gym",
    maxMoves: 10,
    numTraining: 3,
    evaluation: [{ split: "held_out", numTasks: 2 }],
  });
  const tiny = { width: 4, height: 5, minSolution: 1, maxSolution: 2 };
  const episode = { maxTurns: 5, successReward: 10 };
  const source = await openSokobanTasks(tasks, episode, 1);
  expect(source.description).toBe(
    "rooms of 6 x 6 with 1 box, solved in 6 to 6 moves; 3 to train, 2 of held_out to evaluate",
  );
  expect(source.training.map(({ kind }) => kind)).toEqual(Array(3).fill("moves-06-10"));
  const environment = await source.createEnvironment(source.training[0]!);
  await environment.reset();
  expect((await environment.step("Up")).reward).toBeLessThan(0);
  await expect(
    openSokobanTasks({ ...tasks, evaluation: [{ split: "test", numTasks: 1 }] }, episode, 1),
  ).rejects.toThrow("sokoban: split must be one of train, held_out, got test");
  await expect(
    openSokobanTasks({ ...tasks, ...tiny, numTraining: 999 }, episode, 1),
  ).rejects.toThrow(/^generateSokobanLevels: count must be at most/u);
});
