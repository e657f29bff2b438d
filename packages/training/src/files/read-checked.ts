import type * as z from "zod";
import { InputError } from "../input-error.ts";
import { describeIssue } from "../settings/describe-issue.ts";
import { readJson } from "./read-json.ts";

/** Reads a JSON file with a schema. @throws {@link InputError} naming the first invalid field. */
export async function readChecked<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const value = await readJson(path);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(describeIssue(schema, path, result.error.issues[0]!, value));
}
