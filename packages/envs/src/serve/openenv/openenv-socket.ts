import type { SocketAnswer } from "../http/json-socket.ts";
import { isRecord } from "../../is-record.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { describeTools } from "../tools.ts";
import { answerMcp } from "./mcp.ts";
import { readAction } from "./read-action.ts";
import {
  createWireError,
  isLastError,
  toWireError,
  toWireResult,
  toWireState,
  type WireError,
} from "./wire.ts";

/** A client of the WebSocket: its messages, and its session. */
export class OpenEnvSocket {
  readonly #sessions: SessionManager;
  readonly #onEnd: () => void;
  #environment: ServedEnvironment;
  #session: string | undefined;

  /**
   * @param environmentName - Environment in the URL; a reset may choose another environment of the
   *   server.
   * @param onEnd - Called when the server ends the session.
   * @throws `SessionError` for an unknown environment.
   */
  constructor(sessions: SessionManager, environmentName: string | undefined, onEnd: () => void) {
    this.#sessions = sessions;
    this.#environment = sessions.findEnvironment(environmentName);
    this.#onEnd = onEnd;
  }

  /**
   * Opens the session. @returns A message that ends the connection, if the server is at its
   * capacity.
   */
  open(): SocketAnswer {
    try {
      this.#open();
      return {};
    } catch (error) {
      return { text: JSON.stringify(toWireError(error)), isLast: true };
    }
  }

  /** Answers a message. Never throws. */
  async answer(text: string): Promise<SocketAnswer> {
    let reply: object | undefined;
    try {
      reply = await this.#answer(text);
    } catch (error) {
      const described = toWireError(error);
      return { text: JSON.stringify(described), isLast: isLastError(described) };
    }
    if (reply === undefined) return { isLast: true };
    const isLast = "type" in reply && reply.type === "error" && isLastError(reply as WireError);
    return { text: JSON.stringify(reply), isLast };
  }

  /** Releases the session. */
  close(): void {
    if (this.#session !== undefined) void this.#sessions.close(this.#session, "disconnected");
    this.#session = undefined;
  }

  #open(): void {
    const id = this.#sessions.open(this.#environment.name, {
      onEnd: () => {
        // Do not report the end of a session that was replaced or that the client closed.
        if (this.#session === id) this.#onEnd();
      },
    });
    this.#session = id;
  }

  async #answer(text: string): Promise<object | undefined> {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return createWireError("INVALID_JSON", "message must be JSON");
    }
    if (!isRecord(message)) {
      return createWireError("SESSION_ERROR", "message must be an object");
    }
    const { type, data, ...rest } = message;
    const extra =
      Object.keys(rest)[0] ?? (data !== undefined && hasNoData(type) ? "data" : undefined);
    if (extra !== undefined) {
      return createWireError("VALIDATION_ERROR", `Invalid message: ${extra} must be absent`, {
        errors: [{ type: "extra_forbidden", loc: [extra], msg: "must be absent" }],
      });
    }
    const session = this.#session;
    if (session === undefined) throw new SessionError("closed", "the session has ended");
    switch (type) {
      case "reset":
        return { type: "observation", data: toWireResult(await this.#reset(session, data)) };
      case "step":
        return this.#step(session, data);
      case "state":
        return { type: "state", data: toWireState(this.#sessions.state(session)) };
      case "mcp":
        return this.#answerMcp(session, data);
      case "close":
        this.#session = undefined;
        await this.#sessions.close(session);
        return undefined;
      default:
        return createWireError(
          "UNKNOWN_TYPE",
          `type must be one of reset, step, state, mcp, close, got ${JSON.stringify(type) ?? "none"}`,
        );
    }
  }

  async #reset(session: string, data: unknown) {
    if (!isRecord(data) || data["environment"] === undefined) {
      return this.#sessions.reset(session, data);
    }
    const { environment: name, ...options } = data;
    if (typeof name !== "string") {
      throw new SessionError("invalid", "reset.environment must be a string");
    }
    let environment: ServedEnvironment;
    try {
      environment = this.#sessions.findEnvironment(name);
    } catch (cause) {
      throw new SessionError("invalid", `reset.${(cause as Error).message}`, {}, { cause });
    }
    if (environment.name !== this.#environment.name) {
      this.#session = undefined;
      await this.#sessions.close(session);
      this.#environment = environment;
      this.#open();
    }
    return this.#sessions.reset(this.#session ?? session, options);
  }

  async #step(session: string, data: unknown): Promise<object> {
    const action = readAction(this.#environment, data);
    if (action.kind === "list" || action.kind === "refused") {
      const { last } = this.#sessions.state(session);
      const observation =
        action.kind === "list"
          ? { tools: describeTools(this.#environment, "input_schema") }
          : describeRefusal(action.tool, action.error);
      const done = last?.outcome !== undefined;
      return { type: "observation", data: { observation, reward: null, done } };
    }
    const result = toWireResult(
      await this.#sessions.step(session, action.command, action.kind === "tool"),
    );
    if (action.kind === "command") return { type: "observation", data: result };
    const { failure, text } = result.observation;
    const error =
      failure === null ? null : { error_type: "execution_error", message: failure.message };
    const observation = { ...result.observation, tool_name: action.tool, result: text, error };
    return { type: "observation", data: { ...result, observation } };
  }

  async #answerMcp(session: string, data: unknown): Promise<object> {
    const context = { sessions: this.#sessions, environment: this.#environment, session };
    return { type: "mcp", data: (await answerMcp(context, data)) ?? {} };
  }
}

const hasNoData = (type: unknown): boolean => type === "state" || type === "close";

/**
 * Observation of a tool call that the environment did not receive. It is no error of the socket, because a
 * model may write it.
 */
function describeRefusal(tool: string, { code, message }: SessionError): object {
  const type = code === "unknown" ? "tool_not_found" : "invalid_args";
  return { tool_name: tool, result: null, error: { error_type: type, message } };
}
