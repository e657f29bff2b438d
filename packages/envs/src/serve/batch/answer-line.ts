import { isRecord } from "../../is-record.ts";
import { createWireError, toWireError } from "../openenv/wire.ts";
import type { SessionManager } from "../session-manager.ts";
import { answerBatch } from "./answer-batch.ts";

/**
 * Answers a request in JSON: `{"id": 1, "method": "step_many", "params": {...}}`. The answer has the id of
 * the request, and `result` or `error`. Never throws.
 */
export async function answerLine(sessions: SessionManager, text: string): Promise<string> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return JSON.stringify({
      id: null,
      error: createWireError("INVALID_JSON", "request must be JSON").data,
    });
  }
  const { id = null, method, params, ...rest } = isRecord(request) ? request : { method: null };
  const extra = Object.keys(rest)[0];
  if (typeof method !== "string" || extra !== undefined) {
    const rule =
      extra === undefined ? "method must be a string" : `${extra} must be absent from a request`;
    return JSON.stringify({ id, error: createWireError("VALIDATION_ERROR", rule).data });
  }
  try {
    return JSON.stringify({ id, result: await answerBatch(sessions, method, params) });
  } catch (error) {
    return JSON.stringify({ id, error: toWireError(error).data });
  }
}
