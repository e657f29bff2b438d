import type { Observation } from "../environment.ts";
import type { ParsedResponse } from "../agent-format.ts";

/**
 * Parses a response with reasoning in `<think>` tags and an action in `<action>` tags, as
 * verl-agent's ALFWorld projection does: the action is the text between the first `<action>` and
 * the first `</action>`, lower-cased and trimmed; if a tag is missing, the action is the last 30
 * characters. A response is valid if it has all four tags and no Chinese character. The action need
 * not be admissible.
 */
export function parseTaggedAction(response: string): ParsedResponse {
  const lower = response.toLowerCase();
  const start = lower.indexOf("<action>");
  const end = lower.indexOf("</action>");
  if (start === -1 || end === -1) {
    return { action: Array.from(lower).slice(-30).join(""), isValid: false };
  }
  const action = lower.slice(start + "<action>".length, Math.max(end, start)).trim();
  const isReasoned = response.includes("<think>") && response.includes("</think>");
  return { action, isValid: isReasoned && !/[\u4e00-\u9fff]/u.test(response) };
}

/**
 * Parses a response that consists of an action. It is valid if the action is admissible; if the
 * environment does not list admissible actions, it only must not be empty.
 */
export function parseBareAction(response: string, observation: Observation): ParsedResponse {
  const action = response.trim();
  const isValid = observation.admissibleActions?.includes(action) ?? action !== "";
  return { action, isValid };
}
