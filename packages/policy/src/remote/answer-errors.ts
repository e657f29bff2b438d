import type { JsonAnswer } from "./json-answer.ts";

/** Error that a server reports in the body of a response whose status is success. */
export interface ReportedError {
  /** HTTP status named in the body; `undefined` if there is none. */
  readonly status: number | undefined;
  /** The body as JSON text. */
  readonly text: string;
}

/** Words that identify a transient error in messages without a status. */
const passingWords = /rate.?limit|too many requests|overloaded|unavailable|capacity|try again/iu;

function findStatus(value: unknown): number | undefined {
  const code = typeof value === "string" && /^\d{3}$/u.test(value) ? Number(value) : value;
  return typeof code === "number" && code >= 400 && code <= 599 ? code : undefined;
}

/**
 * Finds an error in the body of an answer: gateways have a field `error`, vLLM returns an object of
 * type `error`. Returns `undefined` if there is no error.
 */
export function findReportedError(answer: JsonAnswer): ReportedError | undefined {
  if (!answer.isObject) return undefined;
  const error = answer.field("error");
  if (error.isAbsent && answer.field("object").raw !== "error") return undefined;
  const text = JSON.stringify(answer.raw);
  const places = error.isObject ? [error, answer] : [answer];
  const codes = places.flatMap((place) =>
    ["code", "status", "status_code"].map((name) => findStatus(place.field(name).raw)),
  );
  const named = codes.find((code) => code !== undefined);
  return { status: named ?? (passingWords.test(text) ? 429 : undefined), text };
}

/** Statuses with which servers reject a sequence because of its length. */
const lengthStatuses: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * Matches the names of length limits in messages of OpenAI, vLLM, SGLang, llama.cpp, TGI, Anthropic
 * and Gemini.
 */
const lengthWords =
  /context[_ -]?(?:length|window|size)|max(?:imum)?[_ ](?:model|sequence|input|prompt)[_ ]?len|maximum number of tokens|prompt is too long|(?:input|prompt|sequence) is too long|must have less than \d+ tokens|tokens`? \+ `?max_new_tokens|too many tokens|longer than the (?:model|maximum)/iu;

/** True if an error means that prompt and response are too long for the model. */
export function isLengthRefusal(status: number | undefined, text: string): boolean {
  return status !== undefined && lengthStatuses.has(status) && lengthWords.test(text);
}
