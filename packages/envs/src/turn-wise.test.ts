import { describe, expect, it } from "vitest";
import { compactFormat, verlAgentFormat } from "./alfworld/prompt.ts";
import { turnWise } from "./turn-wise.ts";

const history = [
  {
    observation: { text: "You see a desk 1. Your task is to: put a pen in safe." },
    action: "look",
  },
  { observation: { text: "You see a pen 1." }, action: "take pen 1 from desk 1" },
  { observation: { text: "Nothing happens." }, action: "go to safe 1" },
];
const present = { text: "The safe 1 is closed." };

describe("turnWise", () => {
  it("shows the first turn, the last ones, and the present observation", () => {
    const promptOf = (numTurns: number, historyLength?: number): string =>
      turnWise(compactFormat(), historyLength === undefined ? {} : { historyLength }).prompt(
        history.slice(0, numTurns),
        present,
      );
    const first = "<obs> desk1 task put pen safe <act> look";
    const second = "<obs> pen1 <act> take pen1 from desk1";
    const third = "<obs> nothing happens <act> go to safe1";
    const last = "<obs> safe1 closed <act>";
    expect(promptOf(0)).toBe(last);
    expect(promptOf(1)).toBe(`${first} ${last}`);
    expect(promptOf(3)).toBe(`${first} ${second} ${third} ${last}`);
    expect(promptOf(3, 1)).toBe(`${first} ${third} ${last}`);
    expect(promptOf(3, 0)).toBe(`${first} ${last}`);
  });

  it("writes and reads responses as its format does", () => {
    const format = turnWise(compactFormat());
    expect(format.presentation).toBe("turn-wise");
    expect(format.write("take pen 1 from desk 1")).toBe("take pen1 from desk1");
    const observation = { ...present, admissibleActions: ["open safe 1"] };
    expect(format.parse("open safe1", observation)).toEqual({
      action: "open safe 1",
      isValid: true,
    });
  });

  it("refuses a format that is turn-wise already", () => {
    expect(() => turnWise(verlAgentFormat())).toThrow(
      new RangeError("turnWise: format.presentation must be concatenated, got turn-wise"),
    );
  });
});
