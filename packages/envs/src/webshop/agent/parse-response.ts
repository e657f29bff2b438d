import type { ParsedResponse } from "../../agent-format.ts";
import type { Observation } from "../../environment.ts";
import { parseAction } from "../session/parse-action.ts";
import { anySearch } from "./shop-environment.ts";

/**
 * Parses a response with reasoning in `<think>` tags and an action in `<action>` tags, as
 * verl-agent's WebShop projection does: the action is the text between the first `<action>` and the
 * first `</action>`, lower-cased and trimmed (empty if the tags are in the wrong order); without
 * these tags, the last 20 characters. A response is valid if it has all four tags and no Chinese
 * character. The action need not be admissible.
 */
export function parseTaggedShopAction(response: string): ParsedResponse {
  const lower = response.toLowerCase();
  const start = lower.indexOf("<action>");
  const end = lower.indexOf("</action>");
  if (start === -1 || end === -1) {
    return { action: Array.from(lower).slice(-20).join(""), isValid: false };
  }
  const from = start + "<action>".length;
  const action = lower.slice(from, Math.max(end, from)).trim();
  const isReasoned = response.includes("<think>") && response.includes("</think>");
  return { action, isValid: isReasoned && !/[\u4e00-\u9fff]/u.test(response) };
}

/**
 * Stricter parser of verl-agent's later configurations: exactly one `<think>` block followed by one
 * `<action>` block, each tag once, and nothing around them. Other responses are parsed by {@link
 * parseTaggedShopAction} but are not valid.
 */
export function parseStrictShopAction(response: string): ParsedResponse {
  // With four tags there is little to backtrack over; with more, the time would be quadratic.
  const tags = response.match(/<\/?(?:think|action)>/gu) ?? [];
  const match =
    tags.length === 4
      ? /^\s*<think>[^]*?<\/think>\s*<action>([^]*?)<\/action>\s*$/u.exec(response)
      : null;
  if (match === null) return { action: parseTaggedShopAction(response).action, isValid: false };
  return { action: match[1]!.toLowerCase().trim(), isValid: true };
}

/** True if an action is admissible. */
export function isAdmissibleShopAction(action: string, observation: Observation): boolean {
  const admissible = observation.admissibleActions;
  const parsed = parseAction(action);
  if (parsed === undefined) return false;
  if (admissible === undefined || admissible.includes(action)) return true;
  if (parsed.name === "search") return admissible.includes(anySearch);
  return admissible.includes(`${parsed.name}[${parsed.argument}]`);
}
