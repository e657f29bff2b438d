import { createRandom, type HouseholdState } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { gameEnvironment } from "./environment.ts";
import { readIntroduction, readReceptacle } from "./expert/parse-observation.ts";
import { generateGames } from "./generator/generate-games.ts";
import { loadGame } from "./load-game.ts";
import { smallHouse } from "./testing/small-game.ts";

const games = generateGames({
  seed: 1,
  size: "small",
  split: "train",
  count: 4,
  taskKinds: ["pick_heat_then_place_in_recep"],
}).map((file) => loadGame(file, file.name));
// Game with a cup in the fridge, a microwave and two cabinets.
const [game] = games;

const renderOf = async (environment: ReturnType<typeof gameEnvironment>): Promise<HouseholdState> =>
  (await environment.render!()) as HouseholdState;

async function stateAfter(...commands: readonly string[]): Promise<HouseholdState> {
  const environment = gameEnvironment(game!);
  await environment.reset();
  for (const command of commands) await environment.step(command);
  return renderOf(environment);
}

describe("the state of a household", () => {
  it("shows the names of receptacles at the start, and nothing that the agent has not seen", async () => {
    expect(await stateAfter()).toEqual({
      kind: "household",
      version: 1,
      goal: "heat some cup and put it in cabinet",
      isSolved: false,
      location: null,
      inventory: [],
      receptacles: ["cabinet 1", "cabinet 2", "fridge 1", "microwave 1", "stoveburner 1"].map(
        (name) => ({ name, door: "unknown", contents: null }),
      ),
    });
  });

  it("remembers what is behind a door that the agent opened and closed", async () => {
    const fridgeAfter = async (...commands: readonly string[]) =>
      (await stateAfter("go to fridge 1", ...commands)).receptacles[2];
    const contents = ["bowl 1", "cup 1", "tomato 1"].map((name) => ({ name }));
    const closed = { name: "fridge 1", door: "closed" };
    expect(await fridgeAfter()).toEqual({ ...closed, contents: null });
    expect(await fridgeAfter("open fridge 1")).toEqual({ ...closed, door: "open", contents });
    expect(await fridgeAfter("open fridge 1", "close fridge 1")).toEqual({ ...closed, contents });
  });

  it("follows an object into the hand and marks what was done to it", async () => {
    const heat = ["go to fridge 1", "open fridge 1", "take cup 1 from fridge 1"];
    expect(await stateAfter(...heat, "go to the moon")).toMatchObject({
      location: "fridge 1",
      inventory: [{ name: "cup 1" }],
    });
    const heated = [...heat, "go to microwave 1", "heat cup 1 with microwave 1"];
    const { inventory, receptacles } = await stateAfter(...heated);
    expect(inventory).toEqual([{ name: "cup 1", marks: ["hot"] }]);
    expect(receptacles[2]!.contents).toEqual([{ name: "bowl 1" }, { name: "tomato 1" }]);
    const solved = [...heated, "go to cabinet 1", "open cabinet 1", "move cup 1 to cabinet 1"];
    expect(await stateAfter(...solved)).toMatchObject({ isSolved: true, inventory: [] });
  });

  it("agrees with everything that the game tells about receptacles", async () => {
    let numTold = 0;
    for (const [i, one] of games.entries()) {
      const random = createRandom(i);
      const environment = gameEnvironment(one);
      let { text, admissibleActions = [] } = await environment.reset();
      const told = readIntroduction(text)!.receptacles;
      const first = await renderOf(environment);
      expect(first.receptacles.map(({ name }) => name)).toEqual(told.toSorted());
      for (let turn = 0; turn < 60; turn++) {
        const action = random.fork(`turn/${turn}`).choice(admissibleActions);
        ({ text, admissibleActions = [] } = await environment.step(action));
        const said = readReceptacle(text);
        if (said === undefined) continue;
        numTold += 1;
        const { receptacles } = await renderOf(environment);
        const shown = receptacles.find(({ name }) => name === said.name)!;
        expect(shown.door).toBe(said.door);
        if (said.contents === undefined) continue;
        expect(shown.contents!.map(({ name }) => name).sort()).toEqual(said.contents.toSorted());
      }
    }
    expect(numTold).toBeGreaterThan(50);
  });

  it("has no receptacles in a game of another domain", async () => {
    const environment = gameEnvironment(loadGame(smallHouse, "house"));
    await environment.step("go to table 2");
    expect(await environment.render!()).toMatchObject({ receptacles: [], inventory: [] });
  });
});
