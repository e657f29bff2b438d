import { replyJson, type HttpReply, type HttpRoute } from "../http/http-messages.ts";
import { toWireError } from "../openenv/wire.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { answerBatch, batchMethods } from "./answer-batch.ts";

/** Routes of calls for many sessions: `POST /reset_many` and others. */
export function createBatchRoutes(sessions: SessionManager): HttpRoute[] {
  return batchMethods.map((method) => ({
    method: "POST",
    path: `/${method}`,
    describeError,
    handle: async ({ body }) => replyJson(await answerBatch(sessions, method, body)),
  }));
}

function describeError(error: unknown): HttpReply {
  const status = error instanceof SessionError && error.code === "invalid" ? 422 : 500;
  return replyJson({ error: toWireError(error).data }, status);
}
