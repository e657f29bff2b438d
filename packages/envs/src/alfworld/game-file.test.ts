import { describe, expect, it } from "vitest";
import { parseGameFile } from "./game-file.ts";
import { smallHouse } from "./testing/small-game.ts";

const change = (fields: object): string => JSON.stringify({ ...smallHouse, ...fields });

describe("parseGameFile", () => {
  it("keeps the known fields and drops others", () => {
    const file = { ...smallHouse, walkthrough: ["look"], solvable: true };
    expect(parseGameFile(JSON.stringify({ ...file, extra: 1 }), "f")).toEqual(file);
    expect(parseGameFile(JSON.stringify(smallHouse), "f")).toEqual(smallHouse);
  });

  it("names file, field, rule and value of an invalid file", () => {
    const refusals: [string, string][] = [
      ["{", 'f: the file is not valid JSON: "{"'],
      ["[1]", "f: the file must be a JSON object, got [1]"],
      ["null", "f: the file must be a JSON object, got null"],
      [change({ grammar: 5 }), "f: grammar must be a string, got 5"],
      [change({ pddl_domain: undefined }), "f: pddl_domain must be a string, got undefined"],
      [change({ pddl_problem: null }), "f: pddl_problem must be a string, got null"],
      [change({ walkthrough: "look" }), 'f: walkthrough must be a list of strings, got "look"'],
      [change({ walkthrough: [1] }), "f: walkthrough must be a list of strings, got [1]"],
      [change({ solvable: "yes" }), 'f: solvable must be true or false, got "yes"'],
    ];
    for (const [text, message] of refusals) expect(() => parseGameFile(text, "f")).toThrow(message);
  });

  it("shortens long values and keeps them on one line", () => {
    expect(() => parseGameFile(`\n${"x".repeat(1000)}`, "f")).toThrow(
      `f: the file is not valid JSON: "\\n${"x".repeat(54)}...`,
    );
  });
});
