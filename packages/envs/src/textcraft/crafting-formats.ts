import type { AgentFormat, ParsedResponse } from "../agent-format.ts";
import { chatMarkup, type ChatTemplate } from "../chat-template.ts";
import { actionRoles, type TextRole } from "../text-roles.ts";
import { severalActions } from "./crafting-text.ts";

const rules = `You craft items by recipes. A recipe is a command of the form "craft [count] [item] using [count] [ingredient], ...".
In every turn you read the answer to your last action and choose the next one:
- "get [count] [item]" takes an item that has no recipe from the environment
- "craft [count] [item] using [count] [ingredient], ..." carries out one of the given recipes, with ingredients that you have
- "inventory" lists what you have
Use recipes exactly as they are given, counts included. Where a recipe names a group of items, such as "planks", use one item of that group instead, such as "oak planks".
Write every response in this form:
Thought:
your thoughts

Action:
your next action`;

/**
 * AgentGym's chat format for TextCraft: one conversation; a response has a thought and one action
 * under the headings `Thought:` and `Action:`, and observations are user messages. The rules are in
 * this project's own words, as the system message; AgentGym sends its rules as a first exchange of
 * messages.
 * @see github.com/WooooDyy/AgentGym (MIT), arXiv:2406.04151
 */
export function agentgymFormat({
  instruction = rules,
  template = chatMarkup,
}: {
  /** Rules of the game. Default: this project's own text. */
  readonly instruction?: string;
  /** Chat template. Default `chatMarkup`. */
  readonly template?: ChatTemplate;
} = {}): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (history, { text }) =>
      history.length === 0 ? template.first(instruction, text) : template.next(text),
    write: (action) => `Thought:\n\nAction:\n${action}`,
    parse: parseAgentgymResponse,
    roles: headedRoles,
  };
}

const actionPattern = /Action:\s*(?<action>[^\n]*)/gu;

/**
 * Parses a response as AgentGym does: the action is the line after `Action:`, reduced to letters,
 * digits, commas and single spaces. A response is valid if it has exactly one action. A response
 * with several actions becomes {@link severalActions}, which the environment rejects with an
 * explanation.
 */
export function parseAgentgymResponse(response: string): ParsedResponse {
  const found = [...response.matchAll(actionPattern)];
  if (found.length > 1) return { action: severalActions, isValid: false };
  const line = found[0]?.groups?.action ?? "";
  const action = line
    .replaceAll(/[^A-Za-z0-9, ]+/gu, "")
    .replaceAll(/ +/gu, " ")
    .trim();
  return { action, isValid: action !== "" };
}

function headedRoles(response: string): TextRole[] {
  const roles: TextRole[] = [];
  const action = response.indexOf("Action:");
  const thought = response.indexOf("Thought:");
  const add = (role: TextRole["role"], start: number, end: number): void => {
    if (end > start) roles.push({ role, start, end });
  };
  const thoughtEnd = action === -1 ? response.length : action;
  if (thought !== -1) add("reasoning", thought + "Thought:".length, thoughtEnd);
  if (action !== -1) add("action", action + "Action:".length, response.length);
  return roles;
}

/** Markers of {@link compactCraftingFormat}; its tokenizer keeps each marker as one token. */
export const compactCraftingMarkers = { observation: "<obs>", action: "<act>" } as const;

/**
 * A short format for small models: one growing sequence, one word per item, and responses that
 * consist of a plain action: `get 2 flax` or `craft rope`. Other responses are invalid.
 */
export const compactCraftingFormat: AgentFormat = {
  presentation: "concatenated",
  prompt: (_history, { text }) =>
    `${compactCraftingMarkers.observation} ${text} ${compactCraftingMarkers.action}`,
  write: (action) => action,
  parse: (response) => {
    const action = response.trim();
    return { action, isValid: /^(?:get [0-9]{1,15}|craft) [a-z0-9]+$/u.test(action) };
  },
  roles: actionRoles,
};
