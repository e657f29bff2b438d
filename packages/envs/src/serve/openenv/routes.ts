import { readMessage } from "../../call-within.ts";
import { isRecord } from "../../is-record.ts";
import { replyJson, type HttpReply, type HttpRoute } from "../http/http-messages.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { createMetadata, createOpenApi, createSchemas } from "./documents.ts";
import { answerMcp } from "./mcp.ts";
import { readAction } from "./read-action.ts";
import { stateSchema, toWireResult } from "./wire.ts";

/** Fields that the body of `/step` may have in OpenEnv; this server reads only `action`. */
const stepFields: ReadonlySet<string> = new Set(["action", "timeout_s", "request_id"]);

/** HTTP status of each session error. */
const statuses: Readonly<Partial<Record<SessionError["code"], number>>> = {
  invalid: 422,
  unknown: 404,
  capacity: 503,
  tasks: 503,
};

/** Reply to an error, in the format of OpenEnv's HTTP server. */
function describeError(error: unknown): HttpReply {
  if (!(error instanceof SessionError)) return replyJson({ detail: readMessage(error) }, 500);
  const status = statuses[error.code] ?? 500;
  const { errors = [{ type: error.code, loc: [], msg: error.message }] } = error.details;
  return replyJson({ detail: status === 422 ? errors : error.message }, status);
}

/**
 * Routes of OpenEnv over HTTP. Paths without a prefix lead to the first environment; paths that begin
 * with the name of an environment lead to that environment. As in OpenEnv, each HTTP request has its
 * own environment: `/reset` and `/step` only show that the server works; episodes are played over the
 * WebSocket.
 * @param listRoutes - All routes of the server, for `/openapi.json`.
 */
export function createOpenEnvRoutes(
  sessions: SessionManager,
  listRoutes: () => readonly HttpRoute[],
): HttpRoute[] {
  const play = async (
    { name }: ServedEnvironment,
    run: (session: string) => Promise<object>,
  ): Promise<HttpReply> => {
    const session = sessions.open(name);
    try {
      return replyJson(await run(session));
    } finally {
      await sessions.close(session);
    }
  };
  type Handle = (environment: ServedEnvironment, body: unknown) => Promise<HttpReply> | HttpReply;
  const route = (method: "GET" | "POST", path: string, handle: Handle): HttpRoute[] =>
    [path, `/{environment}${path}`].map((full) => ({
      method,
      path: full,
      describeError,
      handle: ({ body }, { environment }) => handle(sessions.findEnvironment(environment), body),
    }));
  return [
    ...route("GET", "/health", () => replyJson({ status: "healthy" })),
    ...route("GET", "/metadata", (environment) => replyJson(createMetadata(environment))),
    ...route("GET", "/schema", (environment) => replyJson(createSchemas(environment))),
    ...route("GET", "/openapi.json", (environment) =>
      replyJson(createOpenApi(environment, listRoutes())),
    ),
    ...route("GET", "/state", (environment) => replyJson(emptyState(environment))),
    ...route("POST", "/reset", (environment, body) =>
      play(environment, async (session) => toWireResult(await sessions.reset(session, body))),
    ),
    ...route("POST", "/step", (environment, body) => {
      const action = readAction(environment, readStep(body));
      if (action.kind === "list") throw new SessionError("invalid", "list_tools needs a WebSocket");
      if (action.kind === "refused") throw action.error;
      return play(environment, async (session) => {
        await sessions.reset(session, {});
        return toWireResult(await sessions.step(session, action.command, action.kind === "tool"));
      });
    }),
    ...route("POST", "/mcp", async (environment, body) =>
      replyJson((await answerMcp({ sessions, environment }, body)) ?? {}),
    ),
  ];
}

function readStep(body: unknown): unknown {
  if (!isRecord(body)) throw new SessionError("invalid", "body must be an object");
  const extra = Object.keys(body).find((name) => !stepFields.has(name));
  if (extra !== undefined) throw new SessionError("invalid", `${extra} must be absent`);
  return body["action"];
}

/** State of an HTTP request, which has no episode. */
function emptyState({ name }: ServedEnvironment): object {
  const state = { episode_id: null, step_count: 0, environment: name, session: "", return: 0 };
  return stateSchema.parse({ ...state, done: false });
}
