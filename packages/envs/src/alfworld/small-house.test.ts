import { describe, expect, it } from "vitest";
import { startEpisode } from "./episode.ts";
import type { GameState } from "./game.ts";
import { loadGame } from "./load-game.ts";
import { replayGame } from "./replay.ts";
import { smallHouse } from "./testing/small-game.ts";

const game = loadGame(smallHouse, "house");

/** Plays commands that must all be admissible; returns the state after them. */
function after(...commands: string[]): GameState {
  const state = game.start();
  for (const command of commands) {
    expect(state.admissibleCommands).toContain(command);
    state.step(command);
  }
  return state;
}

const says = (...commands: string[]): string => after(...commands).observation;

describe("texts", () => {
  it("introduces the room with the places in the order of ids, numbered downwards", () => {
    expect(game.start().observation).toBe(
      "You are at home. You see a cupboard 1, a shelf 1, a table 2, and a table 1.\n\n" +
        "Your task is to: put two cups on a table.",
    );
    expect(game.goal).toBe("put two cups on a table");
  });

  it("sees nothing at a look in the middle of the room: the spot is bound then", () => {
    expect(says("look")).toBe("You see nothing.");
  });

  it("names all places of a spot at a look there, with a comma before and also for two", () => {
    expect(says("go to table 2", "look")).toBe("You face cupboard 1, and table 2. Loose: nothing.");
  });

  it("lists what is in a place in the order of ids", () => {
    expect(says("go to table 2")).toBe(
      "You are there. On the table 2 you see a cup 2, and a fork 1.",
    );
    expect(says("go to table 1")).toBe("You are there. On the table 1 you see a lamp 1.");
  });

  it("tells of an openable place what its doors let see", () => {
    expect(says("go to cupboard 1")).toBe("You are there. The cupboard 1 is closed.");
    expect(says("go to cupboard 1", "open cupboard 1")).toBe(
      "You open it. The cupboard 1 is open and holds a cup 1.",
    );
  });

  it("remembers what was taken away: only such things lie loose", () => {
    const commands = ["go to table 2", "take cup 2 from table 2", "open cupboard 1"];
    expect(says(...commands, "put cup 2 in cupboard 1", "look")).toBe(
      "You face cupboard 1, and table 2. Loose: cup 2.",
    );
    // Putting it back where it was makes it forgotten again.
    expect(says(...commands, "put cup 2 in table 2", "look")).toBe(
      "You face cupboard 1, and table 2. Loose: nothing.",
    );
  });

  it("tells what is carried", () => {
    expect(says("inventory")).toBe("You hold nothing.");
    expect(says("go to table 2", "take fork 1 from table 2", "inventory")).toBe("You hold fork 1.");
  });
});

describe("commands", () => {
  it("are sorted, and each is there once", () => {
    expect(game.start().admissibleCommands).toEqual([
      "go to cupboard 1",
      "go to shelf 1",
      "go to table 1",
      "go to table 2",
      "inventory",
      "look",
    ]);
  });

  it("do not go to where one is, nor to another place at the same spot", () => {
    const state = after("go to cupboard 1");
    expect(state.admissibleCommands.filter((command) => command.startsWith("go"))).toEqual([
      "go to shelf 1",
      "go to table 1",
    ]);
    expect(state.step("go to table 2")).toBe(false);
    expect(state.observation).toBe("Nothing happens.");
  });

  it("take a thing from each of the places that it is in, and from there alone", () => {
    // Cup 1 is in the cupboard and on the shelf; nothing says that a thing has one place.
    const state = after("go to shelf 1", "take cup 1 from shelf 1", "put cup 1 in shelf 1");
    expect(state.world.holds("in", "cup_bar_2", "cupboard_bar_1")).toBe(true);
    const later = after(
      "go to shelf 1",
      "take cup 1 from shelf 1",
      "go to table 2",
      "open cupboard 1",
    );
    expect(later.world.holds("in", "cup_bar_2", "shelf_bar_1")).toBe(false);
    expect(later.world.holds("in", "cup_bar_2", "cupboard_bar_1")).toBe(true);
    expect(later.world.holds("holds", "me", "cup_bar_2")).toBe(true);
  });

  it("examine only what is held: a type with a comma has no members", () => {
    expect(after("go to table 2").admissibleCommands).not.toContain("examine fork 1");
    const state = after("go to table 2", "take fork 1 from table 2");
    expect(state.admissibleCommands.filter((command) => command.startsWith("examine"))).toEqual([
      "examine fork 1",
    ]);
  });

  it("reach into an openable place only when it is open", () => {
    expect(after("go to cupboard 1").admissibleCommands).not.toContain(
      "take cup 1 from cupboard 1",
    );
    expect(after("go to cupboard 1", "open cupboard 1").admissibleCommands).toContain(
      "take cup 1 from cupboard 1",
    );
    expect(
      after("go to cupboard 1", "open cupboard 1", "close cupboard 1").admissibleCommands,
    ).not.toContain("take cup 1 from cupboard 1");
  });

  it("are stripped as Python strips, and otherwise taken to the letter", () => {
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
    expect(after(...solution.slice(0, -1)).isWon).toBe(false);
    expect(after(...solution).isWon).toBe(true);
  });

  it("is a level: play goes on, and it can be lost again", () => {
    expect(after(...solution, "take cup 2 from table 2").isWon).toBe(false);
  });
});

describe("episodes", () => {
  it("end after 50 commands, those without effect included, and then repeat the last answer", () => {
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

  it("are told apart by their clones", () => {
    const episode = startEpisode(game, { maxSteps: 2 });
    episode.step("go to table 1");
    const clone = episode.clone();
    clone.step("look");
    expect(clone.isDone).toBe(true);
    expect(episode).toMatchObject({ isDone: false, numSteps: 1 });
    expect(episode.observation).toContain("You are there.");
  });

  it("refuse a limit that is no whole number from 1 on", () => {
    expect(() => startEpisode(game, { maxSteps: 0 })).toThrow(
      "startEpisode: maxSteps must be a whole number >= 1, got 0",
    );
  });
});

describe("replays", () => {
  it("begin with a record of the start", () => {
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

  it("go on after a win where there is no limit", () => {
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
  it("have one key for one set of facts that anything reads", () => {
    const start = game.start().world;
    expect(after("look", "inventory").world.key).toBe(start.key);
    expect(after("go to table 1").world.key).not.toBe(start.key);
    // Where one comes from does not matter, nor which door was open in between.
    expect(after("go to table 1").world.key).toBe(after("go to shelf 1").world.key);
    const detour = after("go to table 2", "open cupboard 1", "close cupboard 1", "go to shelf 1");
    expect(detour.world.key).toBe(after("go to shelf 1").world.key);
  });

  it("apply operators without touching themselves", () => {
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

  it("tell operators that change nothing that is read", () => {
    const idle = game.initialWorld.operators().filter(({ isIdle }) => isIdle);
    expect(idle.map(({ command }) => command)).toEqual(["inventory", "look"]);
  });

  it("read facts that never change, and deny what nobody has heard of", () => {
    const { initialWorld } = game;
    expect(initialWorld.facts("openable")).toEqual([["cupboard_bar_1"]]);
    expect(initialWorld.holds("placeat", "table_bar_1", "kitchen_bar_s")).toBe(true);
    expect(initialWorld.holds("placeat", "table_bar_1")).toBe(false);
    expect(initialWorld.holds("placeat", "table_bar_1", "nowhere")).toBe(false);
    expect(initialWorld.holds("flies", "table_bar_1")).toBe(false);
    expect(initialWorld.facts("flies")).toEqual([]);
  });

  it("refuse operators of another game", () => {
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
  it("are those of the texts", () => {
    expect(game.nameOf("table_bar_1")).toBe("table 2");
    expect(game.nameOf("me")).toBe("me ");
  });

  it("are given to what initial facts mention only", () => {
    expect(game.nameOf("unusedthing")).toBeUndefined();
    expect(game.nameOf("nothing of the kind")).toBeUndefined();
  });

  it("are ids where that is asked for", () => {
    const raw = loadGame(smallHouse, "raw", { naming: "ids" });
    expect(raw.start().admissibleCommands[0]).toBe("go to cupboard_bar_1");
  });
});
