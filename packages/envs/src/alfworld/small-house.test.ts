import { describe, expect, it } from "vitest";
import { startEpisode } from "./episode.ts";
import type { GameState } from "./game.ts";
import { loadGame } from "./load-game.ts";
import { replayGame } from "./replay.ts";
import { smallHouse } from "./testing/small-game.ts";

const game = loadGame(smallHouse, "house");

/** Performs commands that must all be admissible; returns the state after them. */
function playAll(...commands: string[]): GameState {
  const state = game.start();
  for (const command of commands) {
    expect(state.admissibleCommands).toContain(command);
    state.step(command);
  }
  return state;
}

const says = (...commands: string[]): string => playAll(...commands).observation;

describe("texts", () => {
  it("introduces the room with the receptacles in the order of ids, numbered downwards", () => {
    expect(game.start().observation).toBe(
      "You are at home. You see a cupboard 1, a shelf 1, a table 2, and a table 1.\n\n" +
        "Your task is to: put two cups on a table.",
    );
    expect(game.goal).toBe("put two cups on a table");
  });

  it("sees nothing when looking in the middle of the room, where the spot is bound", () => {
    expect(says("look")).toBe("You see nothing.");
  });

  it("names all receptacles of a spot when looking there, with a comma before `and` even for two", () => {
    expect(says("go to table 2", "look")).toBe("You face cupboard 1, and table 2. Loose: nothing.");
  });

  it("lists the contents of a receptacle in the order of ids", () => {
    expect(says("go to table 2")).toBe(
      "You are there. On the table 2 you see a cup 2, and a fork 1.",
    );
    expect(says("go to table 1")).toBe("You are there. On the table 1 you see a lamp 1.");
  });

  it("describes the visible contents of an openable receptacle", () => {
    expect(says("go to cupboard 1")).toBe("You are there. The cupboard 1 is closed.");
    expect(says("go to cupboard 1", "open cupboard 1")).toBe(
      "You open it. The cupboard 1 is open and holds a cup 1.",
    );
  });

  it("remembers objects that were taken away, which are the only loose ones", () => {
    const commands = ["go to table 2", "take cup 2 from table 2", "open cupboard 1"];
    expect(says(...commands, "put cup 2 in cupboard 1", "look")).toBe(
      "You face cupboard 1, and table 2. Loose: cup 2.",
    );
    // Putting the cup back deletes the remembered fact.
    expect(says(...commands, "put cup 2 in table 2", "look")).toBe(
      "You face cupboard 1, and table 2. Loose: nothing.",
    );
  });

  it("lists what is carried", () => {
    expect(says("inventory")).toBe("You hold nothing.");
    expect(says("go to table 2", "take fork 1 from table 2", "inventory")).toBe("You hold fork 1.");
  });
});

describe("commands", () => {
  it("are sorted, without repeats", () => {
    expect(game.start().admissibleCommands).toEqual([
      "go to cupboard 1",
      "go to shelf 1",
      "go to table 1",
      "go to table 2",
      "inventory",
      "look",
    ]);
  });

  it("do not go to the current spot, nor to another receptacle there", () => {
    const state = playAll("go to cupboard 1");
    expect(state.admissibleCommands.filter((command) => command.startsWith("go"))).toEqual([
      "go to shelf 1",
      "go to table 1",
    ]);
    expect(state.step("go to table 2")).toBe(false);
    expect(state.observation).toBe("Nothing happens.");
  });

  it("take an object from each receptacle that contains it, and from no other", () => {
    // Cup 1 is in the cupboard and on the shelf, because no rule forbids an object to have two
    // locations.
    const state = playAll("go to shelf 1", "take cup 1 from shelf 1", "put cup 1 in shelf 1");
    expect(state.world.holds("in", "cup_bar_2", "cupboard_bar_1")).toBe(true);
    const later = playAll(
      "go to shelf 1",
      "take cup 1 from shelf 1",
      "go to table 2",
      "open cupboard 1",
    );
    expect(later.world.holds("in", "cup_bar_2", "shelf_bar_1")).toBe(false);
    expect(later.world.holds("in", "cup_bar_2", "cupboard_bar_1")).toBe(true);
    expect(later.world.holds("holds", "me", "cup_bar_2")).toBe(true);
  });

  it("examine only a held object, because a type with a comma has no members", () => {
    expect(playAll("go to table 2").admissibleCommands).not.toContain("examine fork 1");
    const state = playAll("go to table 2", "take fork 1 from table 2");
    expect(state.admissibleCommands.filter((command) => command.startsWith("examine"))).toEqual([
      "examine fork 1",
    ]);
  });

  it("reach into an openable receptacle only when it is open", () => {
    expect(playAll("go to cupboard 1").admissibleCommands).not.toContain(
      "take cup 1 from cupboard 1",
    );
    expect(playAll("go to cupboard 1", "open cupboard 1").admissibleCommands).toContain(
      "take cup 1 from cupboard 1",
    );
    expect(
      playAll("go to cupboard 1", "open cupboard 1", "close cupboard 1").admissibleCommands,
    ).not.toContain("take cup 1 from cupboard 1");
  });

  it("are stripped like in Python, and otherwise matched exactly", () => {
    for (const command of ["  look\n", "\u001clook", "\u0085look\u00a0", "\u3000look\u2003"]) {
      expect(game.start().step(command)).toBe(true);
    }
    for (const command of [
      "Look",
      "\ufefflook",
      "look\u200b",
      "go  to shelf 1",
      "look around",
      "",
    ]) {
      expect(game.start().step(command)).toBe(false);
    }
  });
});

describe("the goal", () => {
  const solution = [
    "go to cupboard 1",
    "open cupboard 1",
    "take cup 1 from cupboard 1",
    "put cup 1 in table 2",
  ];

  it("holds when two different cups are on one table", () => {
    expect(playAll(...solution.slice(0, -1)).isWon).toBe(false);
    expect(playAll(...solution).isWon).toBe(true);
  });

  it("is a state: play continues, and the goal can be lost again", () => {
    expect(playAll(...solution, "take cup 2 from table 2").isWon).toBe(false);
  });
});

describe("episodes", () => {
  it("end after 50 commands, including those without effect, and then repeat the last answer", () => {
    const episode = startEpisode(game);
    for (let i = 0; i < 49; i++) episode.step(i % 2 ? "nonsense" : "look");
    expect(episode.isDone).toBe(false);
    episode.step("go to table 1");
    expect(episode).toMatchObject({ isDone: true, isWon: false, score: 0, numSteps: 50 });
    expect(episode.step("look")).toBe(false);
    expect(episode.observation).toBe("You are there. On the table 1 you see a lamp 1.");
    expect(episode.numSteps).toBe(50);
  });

  it("end at a win", () => {
    const episode = startEpisode(game, { maxSteps: 9 });
    for (const command of [
      "go to cupboard 1",
      "open cupboard 1",
      "take cup 1 from cupboard 1",
      "put cup 1 in table 2",
      "take cup 2 from table 2",
    ]) {
      episode.step(command);
    }
    expect(episode).toMatchObject({ isDone: true, isWon: true, score: 1, numSteps: 4 });
    expect(episode.observation).toBe("You put the cup 1 in the table 2.");
  });

  it("are independent of their clones", () => {
    const episode = startEpisode(game, { maxSteps: 2 });
    episode.step("go to table 1");
    const clone = episode.clone();
    clone.step("look");
    expect(clone.isDone).toBe(true);
    expect(episode).toMatchObject({ isDone: false, numSteps: 1 });
    expect(episode.observation).toContain("You are there.");
  });

  it("reject a limit that is not an integer >= 1", () => {
    expect(() => startEpisode(game, { maxSteps: 0 })).toThrow(
      "startEpisode: maxSteps must be a whole number >= 1, got 0",
    );
  });
});

describe("replays", () => {
  it("start with a record of the start", () => {
    const records = [...replayGame(game, ["look", "what"], { maxSteps: 1 })];
    expect(records).toHaveLength(3);
    expect(JSON.stringify(records[0])).toBe(
      JSON.stringify({
        command: null,
        obs: game.start().observation,
        admissible: game.start().admissibleCommands,
        score: 0,
        done: false,
        won: false,
      }),
    );
    expect(records[1]).toMatchObject({ command: "look", obs: "You see nothing.", done: true });
    expect(records[2]).toMatchObject({ command: "what", obs: "You see nothing.", done: true });
  });

  it("continue after a win without a limit", () => {
    const commands = [
      "go to cupboard 1",
      "open cupboard 1",
      "take cup 1 from cupboard 1",
      "put cup 1 in table 2",
      "take cup 2 from table 2",
    ];
    const records = [...replayGame(game, commands, { maxSteps: Infinity })];
    expect(records.map(({ score, done, won }) => [score, done, won])).toEqual([
      [0, false, false],
      [0, false, false],
      [0, false, false],
      [0, false, false],
      [1, true, true],
      [0, false, false],
    ]);
  });
});

describe("worlds", () => {
  it("have equal keys for equal sets of facts that anything reads", () => {
    const start = game.start().world;
    expect(playAll("look", "inventory").world.key).toBe(start.key);
    expect(playAll("go to table 1").world.key).not.toBe(start.key);
    // Neither the previous location nor a door that was open in between affects the key.
    expect(playAll("go to table 1").world.key).toBe(playAll("go to shelf 1").world.key);
    const detour = playAll("go to table 2", "open cupboard 1", "close cupboard 1", "go to shelf 1");
    expect(detour.world.key).toBe(playAll("go to shelf 1").world.key);
  });

  it("apply operators without changing themselves", () => {
    const { initialWorld } = game;
    const go = initialWorld.operators().find(({ command }) => command === "go to table 2")!;
    expect(go).toMatchObject({
      action: "go",
      arguments: ["me", "hall_bar_s", "kitchen_bar_s", "table_bar_1"],
      isIdle: false,
    });
    const there = initialWorld.apply(go);
    expect(there.facts("at")).toEqual([["me", "kitchen_bar_s"]]);
    expect(initialWorld.facts("at")).toEqual([["me", "hall_bar_s"]]);
    expect(() => there.apply(go)).toThrow(
      "World.apply: operator must be applicable, got go (me hall_bar_s kitchen_bar_s table_bar_1)",
    );
  });

  it("mark operators that change no fact that is read", () => {
    const idle = game.initialWorld.operators().filter(({ isIdle }) => isIdle);
    expect(idle.map(({ command }) => command)).toEqual(["inventory", "look"]);
  });

  it("know facts that never change, and deny unknown ones", () => {
    const { initialWorld } = game;
    expect(initialWorld.facts("openable")).toEqual([["cupboard_bar_1"]]);
    expect(initialWorld.holds("placeat", "table_bar_1", "kitchen_bar_s")).toBe(true);
    expect(initialWorld.holds("placeat", "table_bar_1")).toBe(false);
    expect(initialWorld.holds("placeat", "table_bar_1", "nowhere")).toBe(false);
    expect(initialWorld.holds("flies", "table_bar_1")).toBe(false);
    expect(initialWorld.facts("flies")).toEqual([]);
  });

  it("reject operators of another game", () => {
    const other = loadGame(smallHouse, "another").initialWorld.operators()[0]!;
    expect(() => game.initialWorld.apply(other)).toThrow(RangeError);
    expect(() => {
      game.start().perform(other);
    }).toThrow(RangeError);
  });

  it("are followed by a state that performs operators", () => {
    const state = game.start();
    const look = state.world.operators().find(({ command }) => command === "look")!;
    state.perform(look);
    expect(state.observation).toBe("You see nothing.");
  });
});

describe("names", () => {
  it("are those in the texts", () => {
    expect(game.nameOf("table_bar_1")).toBe("table 2");
    expect(game.nameOf("me")).toBe("me ");
  });

  it("are given only to objects in initial facts", () => {
    expect(game.nameOf("unusedthing")).toBeUndefined();
    expect(game.nameOf("nothing of the kind")).toBeUndefined();
  });

  it("are ids on request", () => {
    const raw = loadGame(smallHouse, "raw", { naming: "ids" });
    expect(raw.start().admissibleCommands[0]).toBe("go to cupboard_bar_1");
  });
});
