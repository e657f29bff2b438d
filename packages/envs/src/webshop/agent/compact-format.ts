import type { AgentFormat, ParsedResponse } from "../../agent-format.ts";
import type { Observation } from "../../environment.ts";
import { readAction } from "../session/parse-action.ts";
import { isAdmissibleShopAction } from "./parse-response.ts";
import { actionRoles } from "../../text-roles.ts";

/** Markers of {@link compactShopFormat}; its tokenizer keeps each marker as one token. */
export const compactShopMarkers = { observation: "<obs>", action: "<act>" } as const;

/** Letters and digits of a text in lower case: the part that a word tokenizer preserves. */
function normalizeWords(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/**
 * Parses `search red wool scarf`, `click 2`, `click x - large` or `click buy now`, with or without
 * brackets. A click is mapped to the admissible click with the same words. An action is valid if it
 * is admissible.
 */
function parseCompact(response: string, observation: Observation): ParsedResponse {
  const [opening, name] = /^\s*(search|click)\b[\s[]*/u.exec(response) ?? [""];
  const argument = response.slice(opening.length).replace(/(?<![\s\]])[\s\]]+$/u, "");
  if (name === undefined || argument === "" || /[\n\r\u2028\u2029]/u.test(argument)) {
    return { action: response.trim(), isValid: false };
  }
  let action = `${name}[${argument}]`;
  if (name === "click") {
    const clicks = observation.admissibleActions ?? [];
    const words = normalizeWords(argument);
    const isMeant = (click: string): boolean =>
      normalizeWords(readAction(click, true)?.argument ?? "") === words;
    if (!clicks.includes(action) && words !== "") action = clicks.find(isMeant) ?? action;
  }
  return { action, isValid: isAdmissibleShopAction(action, observation) };
}

/**
 * A short format for small models: one growing sequence, observations of mode `"compact"`, and
 * responses that consist of a plain action, such as `search red wool scarf`, `click 2`,
 * `click blue` or `click buy now`.
 */
export function compactShopFormat(): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (_history, observation) =>
      `${compactShopMarkers.observation} ${observation.text} ${compactShopMarkers.action}`,
    write: (action) => {
      const parsed = readAction(action);
      return parsed === undefined ? action : `${parsed.name} ${parsed.argument}`;
    },
    parse: parseCompact,
    roles: actionRoles,
  };
}
