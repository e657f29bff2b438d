import * as z from "zod";
import { readMessage } from "../../call-within.ts";
import { checkInput } from "../check-input.ts";
import {
  replyJson,
  type HttpReply,
  type HttpRequest,
  type HttpRoute,
} from "../http/http-messages.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import type { SessionReply } from "../session-records.ts";

/** Maximum number of clients of AgentGym, whose ids are small numbers. */
const maxIds = 100_000;

/** Sessions of clients by the numbers that AgentGym gives them. */
class NumberedSessions {
  readonly #sessions: SessionManager;
  readonly #environment: string;
  readonly #ids = new Map<number, string>();
  #next = 0;

  constructor(sessions: SessionManager, environment: string) {
    this.#sessions = sessions;
    this.#environment = environment;
  }

  /** Opens a session. @throws `SessionError` without capacity. */
  open(): number {
    const id = this.#next;
    const session = this.#sessions.open(this.#environment, { onEnd: () => this.#ids.delete(id) });
    this.#next = (this.#next + 1) % maxIds;
    this.#ids.set(id, session);
    return id;
  }

  /** @throws `SessionError` for a number that no client has. */
  find(id: number): string {
    const session = this.#ids.get(id);
    if (session !== undefined) return session;
    throw new SessionError("unknown", `id must be the id of a created environment, got ${id}`);
  }

  /** Last reply of a session. @throws `SessionError` before the first reset. */
  last(id: number): SessionReply {
    const { last } = this.#sessions.state(this.find(id));
    if (last !== undefined) return last;
    throw new SessionError("not-started", "the environment must be reset first");
  }

  async close(id: number): Promise<void> {
    await this.#sessions.close(this.find(id));
  }
}

/** Number in the query of a request. */
function readNumber({ query }: HttpRequest, name: string): number {
  const given = { [name]: query.get(name) ?? undefined };
  return checkInput("query", z.object({ [name]: z.coerce.number().int() }), given)[name]!;
}

/** Answers with a JSON value, or a promise of one. */
type Handle = (request: HttpRequest) => unknown;

/**
 * Routes of AgentGym's servers of ALFWorld and WebShop, below `/agentgym/alfworld` and `/agentgym/webshop`,
 * which are the base addresses for its clients. A game or goal is the position of a task in `train`.
 *
 * @see github.com/WooooDyy/AgentGym (agentenv-alfworld, agentenv-webshop)
 */
export function createAgentGymRoutes(sessions: SessionManager): HttpRoute[] {
  const names = new Set(sessions.environments.map(({ name }) => name));
  return [
    ...(names.has("alfworld") ? createAlfworldRoutes(sessions) : []),
    ...(names.has("webshop") ? createWebshopRoutes(sessions) : []),
  ];
}

function createRoutes(
  base: string,
  describeError: (error: unknown) => HttpReply,
  handles: Readonly<Record<string, Handle>>,
): HttpRoute[] {
  return Object.entries(handles).map(([name, handle]) => {
    const [method, path] = name.split(" ") as ["GET" | "POST", string];
    return {
      method,
      path: `${base}${path}`,
      describeError,
      handle: async (request) => replyJson(await handle(request)),
    };
  });
}

function createAlfworldRoutes(sessions: SessionManager): HttpRoute[] {
  const numbered = new NumberedSessions(sessions, "alfworld");
  const resetSchema = z.object({
    id: z.int(),
    game: z.int().nonnegative(),
    world_type: z.enum(["Text", "Embody", "Hybrid"]).default("Text"),
  });
  const describe = ({ text, admissibleActions = [], task }: SessionReply) => ({
    observation: text,
    available_actions: admissibleActions,
    task_type: task.kind,
  });
  // AgentGym's server reports errors with status 200.
  const describeError = (error: unknown): HttpReply => replyJson({ error: readMessage(error) });
  return createRoutes("/agentgym/alfworld", describeError, {
    "GET /": () => "This is environment AlfWorld.",
    "POST /create": () => ({ id: numbered.open() }),
    "POST /reset": async ({ body }) => {
      const { id, game, world_type: world } = checkInput("reset", resetSchema, body);
      if (world !== "Text") {
        throw new SessionError("invalid", `world_type must be Text, got ${world}`);
      }
      return { id, ...describe(await sessions.reset(numbered.find(id), { index: game })) };
    },
    "POST /step": async ({ body }) => {
      const { id, action } = checkInput(
        "step",
        z.object({ id: z.int(), action: z.string() }),
        body,
      );
      const reply = await sessions.step(numbered.find(id), action);
      const isWon = reply.outcome?.kind === "terminated" && reply.outcome.isSuccess;
      const { observation, available_actions } = describe(reply);
      return {
        observation,
        reward: isWon ? 1 : 0,
        available_actions,
        done: reply.outcome !== undefined,
      };
    },
    "GET /available_actions": (request) =>
      describe(numbered.last(readNumber(request, "id"))).available_actions,
    "GET /observation": (request) => describe(numbered.last(readNumber(request, "id"))).observation,
    "GET /detail": (request) => {
      const last = numbered.last(readNumber(request, "id"));
      return { ...describe(last), task_id: last.task.id, done: last.outcome !== undefined };
    },
    "POST /close": async ({ body }) => {
      const { id } = checkInput("close", z.object({ id: z.int() }), body);
      await numbered.close(id);
      return { closed: true };
    },
  });
}

function createWebshopRoutes(sessions: SessionManager): HttpRoute[] {
  const numbered = new NumberedSessions(sessions, "webshop");
  const index = z.object({ env_idx: z.int() });
  const resetSchema = index.extend({ session_id: z.int().nonnegative().nullish() });
  const describeError = (error: unknown): HttpReply => {
    if (!(error instanceof SessionError)) return replyJson({ error: readMessage(error) }, 500);
    // Clients try again after a 503.
    const status = error.code === "capacity" ? 503 : error.code === "invalid" ? 422 : 404;
    return replyJson({ error: error.message }, status);
  };
  const last = (request: HttpRequest): SessionReply =>
    numbered.last(readNumber(request, "env_idx"));
  return createRoutes("/agentgym/webshop", describeError, {
    "GET /": () => "This is environment WebShop.",
    "POST /create": () => numbered.open(),
    "POST /reset": async ({ body }) => {
      const { env_idx: id, session_id: goal } = checkInput("reset", resetSchema, body);
      const choice = typeof goal === "number" ? { index: goal } : {};
      const { text } = await sessions.reset(numbered.find(id), { ...choice, reward: "score" });
      return [text, null];
    },
    "POST /step": async ({ body }) => {
      const { env_idx: id, action } = checkInput(
        "step",
        index.extend({ action: z.string() }),
        body,
      );
      const { text, score = 0, outcome } = await sessions.step(numbered.find(id), action);
      return { state: text, reward: score, done: outcome !== undefined, info: null };
    },
    "GET /observation": (request) => last(request).text,
    "GET /state": (request) => {
      const { text, task, outcome } = last(request);
      return { observation: text, task_id: task.id, done: outcome !== undefined };
    },
    "GET /available_actions": (request) => {
      const actions = last(request).admissibleActions ?? [];
      const clicks = actions.flatMap((action) => /^click\[(.*)\]$/u.exec(action)?.[1] ?? []);
      return {
        has_search_bar: actions.some((action) => action.startsWith("search[")),
        clickables: clicks,
      };
    },
    "GET /instruction_text": (request) => readInstruction(last(request).text),
    "POST /close": async ({ body }) => {
      const { env_idx: id } = checkInput("close", index, body);
      await numbered.close(id);
      return true;
    },
  });
}

/** Instruction in the text of a page: `WebShop [SEP] Instruction: [SEP] Find me ... [SEP] Search`. */
function readInstruction(text: string): string {
  return /Instruction: \[SEP\] (.*?) \[SEP\]/u.exec(text)?.[1] ?? "";
}
