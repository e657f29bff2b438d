import type { RoleSpan } from "@turnwise/core";

/** A part of a response with one role: characters `start` to `end - 1`. */
export interface TextRole {
  readonly role: Exclude<RoleSpan["role"], "end">;
  readonly start: number;
  readonly end: number;
}

/** Roles of a response that consists of an action. */
export function actionRoles(response: string): TextRole[] {
  return response === "" ? [] : [{ role: "action", start: 0, end: response.length }];
}

/**
 * Roles of a response with reasoning in `<think>` and an action in another tag.
 * @param actionTag - Tag of the action. Default `action`.
 */
export function taggedRoles(
  response: string,
  actionTag: "action" | "answer" = "action",
): TextRole[] {
  return [
    ...findTagged(response, "reasoning", "<think>", "</think>"),
    ...findTagged(response, "action", `<${actionTag}>`, `</${actionTag}>`),
  ];
}

function findTagged(
  text: string,
  role: TextRole["role"],
  opening: string,
  closing: string,
): TextRole[] {
  const tag = text.indexOf(opening);
  if (tag === -1) return [];
  const start = tag + opening.length;
  const found = text.indexOf(closing, start);
  const end = found === -1 ? text.length : found;
  return end > start ? [{ role, start, end }] : [];
}
