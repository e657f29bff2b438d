import { randomUUID } from "node:crypto";
import { readMessage } from "../../call-within.ts";
import type { Clock } from "../clock.ts";
import {
  replyJson,
  type HttpReply,
  type HttpRequest,
  type HttpRoute,
} from "../http/http-messages.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { describeTools } from "../tools.ts";
import { OrsSessions } from "./ors-sessions.ts";
import { streamCall } from "./stream-call.ts";

const statuses: Readonly<Partial<Record<SessionError["code"], number>>> = {
  invalid: 400,
  unknown: 404,
  closed: 410,
  capacity: 503,
};

function describeError(error: unknown): HttpReply {
  const status = error instanceof SessionError ? (statuses[error.code] ?? 500) : 500;
  return replyJson({ detail: readMessage(error) }, status);
}

/** Session of a request. @throws `SessionError` without the header. */
function readSession({ header }: HttpRequest): string {
  const id = header("x-session-id");
  if (id !== undefined && /^[\w-]{8,128}$/u.test(id)) return id;
  throw new SessionError(
    "invalid",
    "X-Session-ID must be a header of 8 to 128 letters, digits, - or _",
  );
}

/**
 * Routes of OpenReward's sessions. The routes of the Task API list the tasks; a session is created for a
 * task, and its client plays by tool calls, whose results are server-sent events.
 */
export function createOrsRoutes(sessions: SessionManager, clock: Clock): HttpRoute[] {
  const ors = new OrsSessions(sessions, clock);
  const replyTools = (environment: string | undefined): HttpReply =>
    replyJson({ tools: describeTools(sessions.findEnvironment(environment), "input_schema") });
  const route = (name: string, handle: HttpRoute["handle"]): HttpRoute => {
    const [method, path] = name.split(" ") as ["GET" | "POST", string];
    return { method, path, handle, describeError };
  };
  const end = async (request: HttpRequest): Promise<HttpReply> => {
    const id = readSession(request);
    await ors.delete(id);
    return replyJson({ sid: id });
  };
  return [
    route("POST /create_session", () => ({
      status: 200,
      contentType: "text/event-stream",
      text: `event: task_id\ndata: ${randomUUID()}\n\nevent: end\ndata: \n\n`,
    })),
    route("POST /create", async (request) => {
      const id = readSession(request);
      await ors.create(id, request.body);
      return replyJson({ sid: id });
    }),
    route("POST /ping", (request) => {
      ors.ping(readSession(request));
      return replyJson({ status: "ok" });
    }),
    route("POST /delete", end),
    route("POST /delete_session", end),
    route("GET /{environment}/prompt", async (request, { environment }) =>
      replyJson(await ors.prompt(readSession(request), environment)),
    ),
    route("GET /{environment}/tools", (_request, { environment }) => replyTools(environment)),
    route("GET /{environment}/task_tools", (request, { environment }) => {
      ors.ping(readSession(request));
      return replyTools(environment);
    }),
    route("POST /{environment}/call", (request, { environment }) =>
      streamCall(ors.call(readSession(request), environment, request.body), clock),
    ),
  ];
}
