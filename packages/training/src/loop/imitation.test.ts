import { createRandom, type Tokenizer } from "@turnwise/core";
import {
  demonstrate,
  type AgentFormat,
  type Demonstration,
  type Environment,
} from "@turnwise/envs";
import { describe, expect, it } from "vitest";
import { exchangeableClasses } from "@turnwise/envs/alfworld";
import { selectImitated, toImitationRows, renameWords, toImitationBatch } from "./imitation.ts";

const task = { id: "t", kind: "k" };

const format: AgentFormat = {
  presentation: "concatenated",
  prompt: (_history, { text }) => text,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: true }),
};

/** Tokenizer whose token ids are word lengths; 0 ends a response. */
const tokenizer: Tokenizer = {
  vocabularySize: 20,
  endToken: 0,
  encode: (text) => text.split(" ").map((word) => word.length),
  decode: () => "",
};

/** Environment solved by the action `win`; all actions except `win` and `wait` are no-ops. */
const environment = async (): Promise<Environment> => ({
  reset: async () => ({ text: "start", admissibleActions: ["win", "wait"] }),
  step: async (action) => ({
    text: `after ${action}`,
    admissibleActions: ["win", "wait"],
    reward: 0,
    isTerminal: action === "win",
    isSuccess: action === "win",
  }),
  close: async () => undefined,
});

const scripted = (...actions: string[]) => ({ next: () => actions.shift() });

it("failed demonstrations are imitated only where the demonstrator says so", () => {
  const [won, lost] = [true, false].map((isSuccess) => ({ task, turns: [], isSuccess }));
  expect(selectImitated([lost!, won!], undefined)).toEqual([won]);
  expect(selectImitated([lost!, won!], { imitates: "successes" })).toEqual([won]);
  expect(selectImitated([lost!, won!], { imitates: "all" })).toEqual([lost, won]);
});

describe("demonstrate", () => {
  it("records responses and observations until success", async () => {
    const parts = { createEnvironment: environment, format, maxTurns: 9 };
    const { turns, isSuccess } = await demonstrate(task, scripted("wait", "win", "wait"), parts);
    expect(isSuccess).toBe(true);
    expect(turns.map(({ prompt, response }) => [prompt, response])).toEqual([
      ["start", "wait"],
      ["after wait", "win"],
    ]);
  });

  it("inserts no-op slips, which are in the context but not imitated", async () => {
    const slips = { share: 0.9, actions: ["fly"], random: createRandom(1) };
    const parts = { createEnvironment: environment, format, maxTurns: 9, slips };
    const demonstration = await demonstrate(task, scripted("win"), parts);
    const said = demonstration.turns.map(({ action, isSlip }) => [action, isSlip]);
    expect(said.at(-1)).toEqual(["win", false]);
    expect(said.length).toBeGreaterThan(1);
    expect(said.slice(0, -1).every(([action, isSlip]) => action === "fly" && isSlip)).toBe(true);
    const [row] = toImitationRows(demonstration, format, tokenizer, 0.5);
    // Tokens: start fly <end> ...; the no-op and its end token have weight 0, context tokens 0.5.
    expect([...row!.weights].slice(0, 4)).toEqual([0, 0, 0.5, 0.5]);
    expect([...row!.weights].slice(-2)).toEqual([1, 1]);
  });

  it("never inserts a slip that has an effect", async () => {
    const slips = { share: 0.9, actions: ["wait", "win"], random: createRandom(1) };
    const parts = { createEnvironment: environment, format, maxTurns: 9, slips };
    expect((await demonstrate(task, scripted("win"), parts)).turns).toHaveLength(1);
  });
});

describe("renameWords", () => {
  const said = (...actions: string[]): Demonstration => ({
    task,
    isSuccess: true,
    turns: actions.map((action) => ({
      prompt: `see mug1 and pen2, ${action}`,
      response: action.replaceAll(/([a-z]) (\d)/gu, "$1$2"),
      action,
      isSlip: false,
    })),
  });
  const demonstrations = [
    said("go to shelf 1", "take mug 1 from shelf 1", "clean mug 1 with sink 1", "go to sink 1"),
    said("go to desk 1", "take pen 2 from desk 1"),
  ];

  it("swaps carried objects and plain receptacles, but no appliances", () => {
    expect(exchangeableClasses(demonstrations)).toEqual([
      ["mug", "pen"],
      ["desk", "shelf"],
    ]);
  });

  it("renames throughout, each class to one of its own list, numbers kept", () => {
    const classes = exchangeableClasses(demonstrations);
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { turns } = renameWords(demonstrations[0]!, classes, createRandom(seed));
      seen.add(turns[1]!.action);
      const thing = /^take (\w+) 1 from (\w+) 1$/u.exec(turns[1]!.action)!;
      expect(turns[0]!.response).toBe(`go to ${thing[2]!}1`);
      expect(turns[2]!.response).toBe(`clean ${thing[1]!}1 with sink1`);
      expect(turns[2]!.prompt).toContain(
        thing[1] === "mug" ? "see mug1 and pen2" : "see pen1 and mug2",
      );
    }
    expect([...seen].sort()).toEqual([
      "take mug 1 from desk 1",
      "take mug 1 from shelf 1",
      "take pen 1 from desk 1",
      "take pen 1 from shelf 1",
    ]);
  });
});

describe("toImitationBatch", () => {
  it("gives weights that sum to one, and spans over all but the first token", () => {
    const rows = [
      { tokens: [1, 2, 3], weights: Float32Array.of(1, 3) },
      { tokens: [4, 5], weights: Float32Array.of(4) },
    ];
    const batch = toImitationBatch(rows);
    expect(batch.map(({ weights }) => [...weights])).toEqual([[0.125, 0.375], [0.5]]);
    expect(batch[0]!.spans).toEqual([{ turnIndex: 0, start: 1, length: 2 }]);
  });
});
