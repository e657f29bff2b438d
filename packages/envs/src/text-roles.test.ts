import { describe, expect, it } from "vitest";
import { actionRoles, taggedRoles } from "./text-roles.ts";

describe("taggedRoles", () => {
  const texts = (response: string) =>
    taggedRoles(response).map(({ role, start, end }) => [role, response.slice(start, end)]);

  it("finds the text within the tags", () => {
    expect(texts("<think>it is hot</think><action>go to sink 1</action>")).toEqual([
      ["reasoning", "it is hot"],
      ["action", "go to sink 1"],
    ]);
  });

  it("extends an unclosed tag to the end, and skips empty or missing ones", () => {
    expect(texts("<think></think> <action>look")).toEqual([["action", "look"]]);
    expect(texts("look")).toEqual([]);
  });
});

describe("actionRoles", () => {
  it("covers the whole response", () => {
    expect(actionRoles("look")).toEqual([{ role: "action", start: 0, end: 4 }]);
    expect(actionRoles("")).toEqual([]);
  });
});
