import * as z from "zod";
import { readMessage } from "../../call-within.ts";
import { isRecord } from "../../is-record.ts";
import { checkInput } from "../check-input.ts";
import type { Clock } from "../clock.ts";
import {
  replyJson,
  type HttpReply,
  type HttpRequest,
  type HttpRoute,
} from "../http/http-messages.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { aggregateMetrics } from "./aggregate-metrics.ts";
import { createRows } from "./dataset-rows.ts";
import { GymSessions } from "./gym-sessions.ts";

/** Name of the cookie of a session. */
const cookieName = "turnwise_session";

const statuses: Readonly<Partial<Record<SessionError["code"], number>>> = {
  invalid: 422,
  unknown: 404,
  ended: 409,
  busy: 409,
  capacity: 503,
  tasks: 503,
};

const statusOf = (error: unknown): number =>
  error instanceof SessionError ? (statuses[error.code] ?? 500) : 500;

const describeError = (error: unknown): HttpReply =>
  replyJson({ detail: readMessage(error) }, statusOf(error));

/**
 * Converts an error of a tool call to a text for the model, because agents show the reply of a tool to
 * the model, whatever the status of the reply.
 */
function describeToolError(error: unknown): HttpReply {
  const isEnded = error instanceof SessionError && error.code === "ended";
  const text = isEnded ? "The episode has ended. Stop here." : readMessage(error);
  return { status: statusOf(error), contentType: "text/plain; charset=utf-8", text };
}

function readCookie({ header }: HttpRequest): string | undefined {
  const cookies = (header("cookie") ?? "").split(";").map((cookie) => cookie.trim().split("=", 2));
  const [, id] = cookies.find(([name]) => name === cookieName) ?? [];
  return id !== undefined && /^[\w-]+$/u.test(id) ? id : undefined;
}

/** Adds the cookie of a session. */
function withCookie(reply: HttpReply, id: string): HttpReply {
  const cookie = `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax`;
  return { ...reply, headers: { ...reply.headers, "Set-Cookie": cookie } };
}

/**
 * Answers a request and sends its cookie again, even if the answer is an error: NeMo-Gym's agents keep
 * only the cookies of the last reply.
 */
async function answer(
  request: HttpRequest,
  describe: (error: unknown) => HttpReply,
  run: (cookie: string | undefined) => Promise<HttpReply> | HttpReply,
): Promise<HttpReply> {
  const cookie = readCookie(request);
  let reply: HttpReply;
  try {
    reply = await run(cookie);
  } catch (error) {
    reply = describe(error);
  }
  const isSet = cookie === undefined || reply.headers?.["Set-Cookie"] !== undefined;
  return isSet ? reply : withCookie(reply, cookie);
}

const metricsSchema = z.looseObject({
  verify_responses: z.array(z.record(z.string(), z.unknown())),
});

/**
 * Routes of a resources server of NeMo-Gym: for its agents `simple_agent` (tools, then `/verify`) and
 * `gymnasium_agent` (`/reset`, `/step`, `/close`). Paths without a prefix lead to the first
 * environment; paths that begin with the name of an environment lead to that environment.
 *
 * @see github.com/NVIDIA-NeMo/Gym
 */
export function createGymRoutes(sessions: SessionManager, clock: Clock): HttpRoute[] {
  const gym = new GymSessions(sessions, clock);
  /** Answers a request of the session that the cookie names. */
  type Handle = (
    body: unknown,
    cookie: string | undefined,
    environment: string | undefined,
  ) => Promise<HttpReply> | HttpReply;
  const route = (name: string, handle: Handle): HttpRoute[] => {
    const [method, path] = name.split(" ") as ["GET" | "POST", string];
    return [path, `/{environment}${path}`].map((full) => ({
      method,
      path: full,
      describeError,
      handle: (request, { environment }) =>
        answer(request, describeError, (cookie) => handle(request.body, cookie, environment)),
    }));
  };
  const routes = [
    ...route("POST /seed_session", async (row, cookie, environment) => {
      // Tools take actions, not responses.
      const { id } = await gym.reset(cookie, environment, row, { prompts: false });
      return withCookie(replyJson({}), id);
    }),
    ...route("POST /verify", async (row, cookie) => {
      const verdict = await gym.verify(cookie);
      return replyJson({ ...(isRecord(row) && row), ...verdict });
    }),
    ...route("POST /reset", async (row, cookie, environment) => {
      const { id, reply } = await gym.reset(cookie, environment, row);
      const info = { supports_explicit_close: true, supports_step_idempotency: true };
      return withCookie(replyJson({ observation: reply.text, info }), id);
    }),
    ...route("POST /step", async (row, cookie) => replyJson(await gym.step(cookie, row))),
    ...route("POST /close", async (_body, cookie) => {
      await gym.close(cookie);
      return replyJson({});
    }),
    ...route("POST /aggregate_metrics", (body) => {
      const { verify_responses: rows } = checkInput("aggregate_metrics", metricsSchema, body);
      return replyJson(aggregateMetrics(rows));
    }),
    // The episode ends with its verdict and cannot be scored again.
    ...route("GET /reverify_mode", () => replyJson("unsupported")),
    ...route("POST /rows", async (body, _cookie, environment) => ({
      status: 200,
      contentType: "application/x-ndjson",
      stream: await createRows(sessions, environment, body),
    })),
  ];
  const tools = ["/{tool}", "/{environment}/{tool}"].map((path): HttpRoute => ({
    method: "POST",
    path,
    describeError: describeToolError,
    handle: (request, { tool = "" }) =>
      answer(request, describeToolError, async (cookie) => {
        const text = await gym.call(cookie, tool, request.body);
        return { status: 200, contentType: "text/plain; charset=utf-8", text };
      }),
  }));
  const root: HttpRoute = {
    method: "GET",
    path: "/",
    describeError,
    handle: () => replyJson({ environments: sessions.environments.map(({ name }) => name) }),
  };
  return [root, ...routes, ...tools];
}
