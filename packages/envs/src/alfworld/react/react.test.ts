import { describe, expect, it } from "vitest";
import { gameKinds } from "../game-kind.ts";
import { generateGames } from "../generator/generate-games.ts";
import { gameEnvironment } from "../environment.ts";
import { loadGame } from "../load-game.ts";
import { turnWise } from "../../turn-wise.ts";
import { answerThoughts } from "./answer-thoughts.ts";
import { guessKind, thinkBefore, writeReactExamples } from "./react-example.ts";
import { reactFormat } from "./react-format.ts";

describe("writeReactExamples", () => {
  it.each(gameKinds)("writes two episodes that end with the solved task: %s", (kind) => {
    for (const wording of ["move", "put"] as const) {
      const examples = writeReactExamples(kind, wording);
      const games = generateGames({ seed: 1, size: "small", count: 2, taskKinds: [kind] });
      for (const [i, example] of examples.entries()) {
        // Replaying the actions in the text solves the game.
        const state = loadGame(games[i]!, "example", { wording }).start();
        const lines = example.split("\n").filter((line) => line.startsWith("> "));
        const actions = lines.map((line) => line.slice(2));
        for (const action of actions) {
          expect(state.isWon).toBe(false);
          if (!action.startsWith("think: ")) state.step(action);
        }
        expect(state.isWon).toBe(true);
        expect(actions.filter((action) => action.startsWith("think: ")).length).toBeGreaterThan(2);
        expect(guessKind(example)).toBe(kind);
        expect(example.endsWith("\n")).toBe(true);
      }
      expect(writeReactExamples(kind, wording)).toEqual(examples);
    }
  });

  it("thinks before actions that change something", () => {
    expect(thinkBefore("take mug 1 from shelf 2")).toBe("I see the mug 1 here. I take it.");
    expect(thinkBefore("heat mug 1 with microwave 1")).toBe(
      "I have the mug 1, and the microwave 1 is here. Now I heat it.",
    );
    expect(thinkBefore("put mug 1 in/on desk 1")).toBe(
      "I am at the desk 1. I put the mug 1 there.",
    );
    expect(thinkBefore("move mug 1 to desk 1")).toBe("I am at the desk 1. I put the mug 1 there.");
    expect(thinkBefore("go to desk 1")).toBeUndefined();
  });
});

describe("reactFormat", () => {
  const format = reactFormat(() => ["EXAMPLE 1\n", "EXAMPLE 2\n"]);
  const first = {
    text: "-= Welcome to TextWorld, ALFRED! =-\n\nYou are here.\n\nYour task is to: go.",
  };
  const second = { text: "You arrive at loc 4. You see a mug 1.", admissibleActions: ["look"] };

  it("is one text of observations and lines, with the examples first", () => {
    const whole = turnWise(format, { historyLength: "all", separator: "" });
    expect(whole.prompt([{ observation: first, action: "go to desk 1" }], second)).toBe(
      "Interact with a household to solve a task. Here are two examples.\nEXAMPLE 1\n\nEXAMPLE 2\n\n" +
        "Here is the task.\nYou are here.\n\nYour task is to: go.\n> go to desk 1\nYou see a mug 1.\n>",
    );
  });

  it("reads the first line of a response", () => {
    const read = (response: string) => format.parse(response, second);
    expect(read(" look\nYou see")).toEqual({ action: "look", isValid: true });
    expect(read("> think: where?\nOK.")).toEqual({ action: "think: where?", isValid: true });
    expect(read("fly")).toEqual({ action: "fly", isValid: false });
    expect(read("")).toEqual({ action: "", isValid: false });
  });

  it("answers thoughts, which change nothing", async () => {
    const [game] = generateGames({ seed: 1, size: "small", count: 1 });
    const environment = answerThoughts(gameEnvironment(loadGame(game!, "game")));
    const { admissibleActions } = await environment.reset();
    expect(await environment.step("think: hm")).toMatchObject({
      text: "OK.",
      reward: 0,
      isTerminal: false,
      admissibleActions,
    });
    expect((await environment.step("hm")).text).toBe("Nothing happens.");
  });
});
