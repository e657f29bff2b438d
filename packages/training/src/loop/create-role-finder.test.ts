import type { Tokenizer, Turn } from "@turnwise/core";
import { taggedRoles, type AgentFormat } from "@turnwise/envs";
import { expect, it } from "vitest";
import { createRoleFinder } from "./create-role-finder.ts";

/** Tokens are pairs of characters as numbers; 0 ends a response. */
const tokenizer: Tokenizer = {
  vocabularySize: 2 ** 16,
  endToken: 0,
  encode: (text) =>
    (text.match(/..?/gu) ?? []).map((pair) => pair.charCodeAt(0) * 256 + (pair.charCodeAt(1) || 0)),
  decode: (tokens) =>
    tokens
      .map(
        (token) =>
          String.fromCharCode(token >> 8) +
          (token % 256 === 0 ? "" : String.fromCharCode(token % 256)),
      )
      .join(""),
};
const format: AgentFormat = {
  presentation: "turn-wise",
  prompt: () => "",
  write: (action) => action,
  parse: (action) => ({ action, isValid: true }),
  roles: taggedRoles,
};

it("maps the roles of characters to tokens, and finds the end", () => {
  const text = "<think>abcde</think><action>look</action>";
  const turn = { responseTokens: [...tokenizer.encode(text), 0] } as unknown as Turn;
  const spans = createRoleFinder({ format, tokenizer })!(turn);
  const found = spans.map(({ role, start, length }) => [
    role,
    tokenizer.decode(turn.responseTokens.slice(start, start + length)),
  ]);
  // The reasoning starts in the middle of token ">a", whose first character belongs to the tag.
  expect(found).toEqual([
    ["reasoning", "bcde"],
    ["action", "look"],
    ["end", "\u0000"],
  ]);
});

it("is absent if the format has no roles", () => {
  const { roles: _, ...plain } = format;
  expect(createRoleFinder({ format: plain, tokenizer })).toBeUndefined();
});
