import { describe, expect, it } from "vitest";
import { isLengthRefusal, findReportedError } from "./answer-errors.ts";
import { JsonAnswer } from "./json-answer.ts";

const answerOf = (body: unknown): JsonAnswer =>
  JsonAnswer.parse(
    { where: "POST /x", url: "/x", status: 200, redact: (text) => text },
    JSON.stringify(body),
  );

describe("reportedError", () => {
  it("finds an error inside an answer, with the status that it names", () => {
    const status = (body: unknown) => findReportedError(answerOf(body))?.status;
    expect(status({ error: { code: 502, message: "upstream" } })).toBe(502);
    expect(status({ error: { code: "429", message: "slow down" } })).toBe(429);
    expect(status({ error: { status: 400, message: "bad" } })).toBe(400);
    expect(status({ error: { status_code: 503 } })).toBe(503);
    expect(status({ object: "error", message: "no model", code: 404 })).toBe(404);
    expect(status({ error: "rate_limit_exceeded" })).toBe(429);
    expect(status({ error: { type: "overloaded_error", message: "Overloaded" } })).toBe(429);
  });

  it("finds an error without a status", () => {
    expect(findReportedError(answerOf({ error: { message: "odd", code: "weird" } }))).toEqual({
      status: undefined,
      text: '{"error":{"message":"odd","code":"weird"}}',
    });
  });

  it("finds none in a normal answer", () => {
    expect(findReportedError(answerOf({ choices: [] }))).toBeUndefined();
    expect(findReportedError(answerOf({ choices: [], error: null }))).toBeUndefined();
    expect(findReportedError(answerOf([{ error: 1 }]))).toBeUndefined();
    expect(findReportedError(answerOf("error"))).toBeUndefined();
  });
});

describe("refusesLength", () => {
  it.each([
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
    '{"error":{"code":"context_length_exceeded","message":"..."}}',
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    '{"error":{"type":"exceed_context_size_error","message":"exceeds the available context size"}}',
    "prompt is too long: 200001 tokens > 200000 maximum",
    "The input token count (9000) exceeds the maximum number of tokens allowed (8192).",
    "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 2000 and 100",
  ])("recognizes the length error of a server: %s", (text) => {
    expect(isLengthRefusal(400, text)).toBe(true);
    expect(isLengthRefusal(500, text)).toBe(false);
  });

  it("does not take other refusals for length errors", () => {
    expect(isLengthRefusal(400, "temperature must be at most 2")).toBe(false);
    expect(isLengthRefusal(undefined, "maximum context length")).toBe(false);
  });
});
