import { describe, expect, it } from "vitest";
import { readRoom, sokobanEnvironment, ragenSokobanFormat } from "../sokoban/index.ts";
import { plainText } from "../chat-template.ts";
import { parseRagenResponse, ragenFormat } from "./ragen-format.ts";

const level = readRoom("#####\n#P__#\n#_XO#\n#####");
const format = ragenSokobanFormat({ instruction: "Rules.", template: plainText });

/** Instructions on the response format that RAGEN writes after every state. */
const form =
  " Always output: <think> [Your thoughts] </think> <answer> [your answer] </answer> with no extra text." +
  " Strictly follow this format. Max response length: 100 words (tokens).\n";

describe("a conversation in RAGEN's format", () => {
  it("begins with rules, symbols, actions and the first state, and continues with rewards and states", async () => {
    const environment = sokobanEnvironment(level);
    const first = await environment.reset();
    expect(format.prompt([], first)).toBe(
      plainText.first(
        "You're a helpful assistant. ",
        "Rules.\nThe meaning of each symbol in the state is:\n" +
          "#: wall, _: empty, O: target, √: box on target, X: box, P: player, S: player on target\n" +
          "Your available actions are:\nUp, Down, Left, Right\n" +
          'You can make up to 10 actions, separated by the action separator " || "\n\n' +
          `Turn 1:\nState:\n#####\n#P__#\n#_XO#\n#####\nYou have 10 actions left.${form}`,
      ) + "<think>",
    );
    // Up has no effect but counts as a move, and Jump is skipped: two moves with reward -0.1.
    const second = await environment.step("up || Jump || Down");
    expect(second).toMatchObject({ reward: -0.2, isTerminal: false, score: 0 });
    expect(format.prompt([{ observation: first, action: "" }], second)).toBe(
      plainText.next(
        `Reward:\n-0.2\n\nTurn 2:\nState:\n#####\n#___#\n#PXO#\n#####\nYou have 8 actions left.${form}`,
      ) + "<think>",
    );
    const third = await environment.step("nonsense");
    expect(third.text).toMatch(/^Reward:\n0\n\nTurn 3:\n.*You have 8 actions left\.$/su);
    // -0.1 for the move, 1 for the box, 10 for the solution; later moves are not performed.
    const last = await environment.step("Right || Left");
    expect(last).toMatchObject({ reward: 10.9, isTerminal: true, isSuccess: true, score: 1 });
    expect(last.text).toBe(
      "Reward:\n10.9\n\nTurn 4:\nState:\n#####\n#___#\n#_P√#\n#####\nYou have 7 actions left.",
    );
  });

  it("ends unsolved after the last move", async () => {
    const environment = sokobanEnvironment(level, { maxMoves: 2 });
    await environment.reset();
    const reply = await environment.step("Right || Left || Down || Right");
    expect(reply).toMatchObject({ isTerminal: true, isSuccess: false, admissibleActions: [] });
  });

  it("reads back what it writes, with or without the thought that a prompt opens", () => {
    const whole = ragenSokobanFormat({ opensThought: false });
    for (const one of [format, whole]) {
      const read = one.parse(one.write("Up || Left"), { text: "" });
      expect(read).toEqual({ action: "Up || Left", isValid: true });
    }
    expect(whole.prompt([], { text: "" }).endsWith("<think>")).toBe(false);
  });
});

describe("parseRagenResponse", () => {
  it.for<[string, string, boolean]>([
    ["I go. </think> <answer> UP ||  || left </answer>", "UP || left", true],
    ["<think>a</think>\n<answer>Up</answer> <answer>Down</answer>", "Up", true],
    ["x</think><answer>Up || Jump</answer>", "Up || Jump", false],
    ["x</think><answer><think>Up</think></answer>", "Up", true],
    ["x</think><answer></answer>", "", false],
    ["x</think> then <answer>Up</answer>", "", false],
    ["<answer>Up</answer>", "", false],
    ["x</think><answer>Up", "", false],
    ["x</think><answer>Up||Up||Up||Up||Up||Jump</answer>", "Up || Up || Up || Up || Up", true],
  ])("reads %j", ([response, action, isValid]) => {
    expect(parseRagenResponse(response)).toEqual({ action, isValid });
  });
});

it("finds thought and answer in a response that the prompt began", () => {
  const { roles } = ragenFormat({ instruction: "", symbols: {}, directions: [] });
  const texts = (response: string): string[] =>
    roles!(response).map(({ role, start, end }) => `${role} ${response.slice(start, end)}`);
  expect(texts("I go.</think><answer>Up</answer>")).toEqual(["reasoning I go.", "action Up"]);
  expect(texts("<think>I</think><answer>Up</answer>")).toEqual(["reasoning I", "action Up"]);
});
