import { describeIssue } from "@turnwise/core";
import type * as z from "zod";
import { SessionError } from "./session-error.ts";

/**
 * Checks a value that a client sent.
 * @param name - Name of the value in messages, such as `reset`.
 * @param value - Absent: `{}`, so that clients can leave out a body without required fields.
 * @returns The value with the defaults of the schema.
 * @throws `SessionError` with code `invalid`. Its details contain one record for each broken rule, in
 *   pydantic's format.
 */
export function checkInput<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({
    type: issue.code,
    loc: issue.code === "unrecognized_keys" ? issue.keys : issue.path,
    msg: describeIssue(issue, name, schema, value),
  }));
  throw new SessionError("invalid", errors[0]!.msg, { errors });
}
