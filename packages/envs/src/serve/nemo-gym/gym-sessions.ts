import * as z from "zod";
import { checkInput } from "../check-input.ts";
import type { Clock } from "../clock.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import type { SessionReply } from "../session-records.ts";
import { writeToolAction } from "../tools.ts";
import { waitForReply } from "../wait-for-reply.ts";
import { readResponse, type FunctionCall } from "./read-response.ts";

/**
 * Time for which the last reply of an ended session is kept, seconds: clients repeat a request after a lost
 * connection.
 */
const keptSeconds = 60;

const rowSchema = z.looseObject({
  reset: z.looseObject({ environment: z.string().optional() }),
});

const stepSchema = z.looseObject({
  response: z.unknown(),
  _ng_step_request_id: z.string().nullish(),
});

/** Answer of `POST /step`. */
export interface GymStep {
  readonly observation: string | null;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: Readonly<Record<string, unknown>>;
}

interface GymSession {
  readonly environment: string;
  isEnded: boolean;
  /** Last step, for clients that repeat it. */
  step?: { readonly requestId: string; readonly answer: Promise<GymStep> };
  verdict?: Promise<object>;
}

/** Sessions of NeMo-Gym: one episode each, identified by a cookie. */
export class GymSessions {
  readonly #sessions: SessionManager;
  readonly #clock: Clock;
  readonly #known = new Map<string, GymSession>();

  constructor(sessions: SessionManager, clock: Clock) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  /**
   * Starts the episode of a dataset row.
   * @param id - Session in which the client continues. If it is absent, unknown or ended, a new session is
   *   opened.
   * @param row - Dataset row; its field `reset` has the options of the reset.
   * @param overrides - Options that the style of play fixes.
   * @throws `SessionError` for a wrong row, or without capacity.
   */
  async reset(
    id: string | undefined,
    environmentName: string | undefined,
    row: unknown,
    overrides: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly id: string; readonly reply: SessionReply }> {
    const { environment: named, ...options } = checkInput("row", rowSchema, row).reset;
    const { name } = this.#sessions.findEnvironment(named ?? environmentName);
    const session = await this.#open(id, name);
    try {
      const reset = this.#sessions.reset(session, { ...options, ...overrides });
      return { id: session, reply: await waitForReply(this.#sessions, session, reset) };
    } catch (error) {
      // Do not keep a session whose episode did not start.
      await this.#sessions.close(session);
      throw error;
    }
  }

  /** Calls a tool. @returns Text for the model. @throws `SessionError`. */
  async call(id: string | undefined, name: string, input: unknown): Promise<string> {
    const { session, environment } = this.#find(id);
    const { outcome, text } = await this.#act(session, environment, name, input);
    return outcome?.kind === "failed" ? outcome.error.message : text;
  }

  /**
   * Scores the episode and ends the session.
   * @returns Reward and metrics. A repeated request gets the same answer.
   * @throws `SessionError` for an unknown session.
   */
  async verify(id: string | undefined): Promise<object> {
    const known = this.#lookUp(id);
    known.gym.verdict ??= (async () => {
      this.#find(id);
      const { return: reward, last } = this.#sessions.state(known.session);
      if (last === undefined) throw new SessionError("not-started", "the episode has not started");
      await this.#sessions.close(known.session);
      return { reward, ...describeEpisode(last) };
    })();
    return known.gym.verdict;
  }

  /**
   * Plays the response of a model: its function calls one after another, or else its text as the
   * command. Ends the session with the episode.
   * @throws `SessionError`.
   */
  async step(id: string | undefined, body: unknown): Promise<GymStep> {
    const { response, _ng_step_request_id: requestId } = checkInput("step", stepSchema, body);
    const { session, gym } = this.#lookUp(id);
    if (requestId && gym.step?.requestId === requestId) return gym.step.answer;
    const answer = this.#play(session, response);
    if (requestId) gym.step = { requestId, answer };
    return answer;
  }

  /** Ends a session. No effect for an unknown session. */
  async close(id: string | undefined): Promise<void> {
    if (id !== undefined && this.#known.has(id)) await this.#sessions.close(id);
  }

  async #open(id: string | undefined, environment: string): Promise<string> {
    const known = id === undefined ? undefined : this.#known.get(id);
    if (known !== undefined && !known.isEnded) {
      if (known.environment === environment) {
        delete known.step;
        delete known.verdict;
        return id!;
      }
      await this.#sessions.close(id!);
    }
    const opened = this.#sessions.open(environment, { onEnd: () => this.#forget(opened) });
    this.#known.set(opened, { environment, isEnded: false });
    return opened;
  }

  /** Keeps the answers of an ended session for a while. */
  #forget(id: string): void {
    const gym = this.#known.get(id);
    if (gym === undefined) return;
    gym.isEnded = true;
    this.#clock.after(keptSeconds, () => this.#known.delete(id));
  }

  #lookUp(id: string | undefined): { readonly session: string; readonly gym: GymSession } {
    const gym = id === undefined ? undefined : this.#known.get(id);
    if (id !== undefined && gym !== undefined) return { session: id, gym };
    throw new SessionError(
      "unknown",
      "the request must have the session cookie that /seed_session or /reset set",
    );
  }

  #find(id: string | undefined): { readonly session: string; readonly environment: string } {
    const { session, gym } = this.#lookUp(id);
    if (!gym.isEnded) return { session, environment: gym.environment };
    throw new SessionError("ended", "the session has ended");
  }

  async #act(
    session: string,
    environment: string,
    name: string,
    input: unknown,
  ): Promise<SessionReply> {
    const action = writeToolAction(this.#sessions.findEnvironment(environment), name, input);
    return waitForReply(this.#sessions, session, this.#sessions.step(session, action, true));
  }

  async #play(id: string, response: unknown): Promise<GymStep> {
    const { session, environment } = this.#find(id);
    const { text, calls } = readResponse(response);
    if (calls.length > 0) return this.#playCalls(session, environment, calls);
    const step = this.#sessions.step(session, text);
    const reply = await waitForReply(this.#sessions, session, step);
    return this.#answer(session, reply, reply.reward, { observation: reply.text });
  }

  async #playCalls(
    session: string,
    environment: string,
    calls: readonly FunctionCall[],
  ): Promise<GymStep> {
    const outputs: { readonly call_id: string; readonly output: string }[] = [];
    let { last: reply } = this.#sessions.state(session);
    let reward = 0;
    for (const { id, name, input } of calls) {
      let output = "Not performed, because the episode has ended.";
      if (reply?.outcome === undefined) {
        try {
          reply = await this.#act(session, environment, name, input);
          reward += reply.reward;
          output = reply.text;
        } catch (error) {
          if (!(error instanceof SessionError && isMistake(error))) throw error;
          output = error.message;
        }
      }
      outputs.push({ call_id: id, output });
    }
    return this.#answer(session, reply!, reward, { observation: null, outputs });
  }

  async #answer(
    session: string,
    reply: SessionReply,
    reward: number,
    {
      observation,
      outputs,
    }: { readonly observation: string | null; readonly outputs?: readonly object[] },
  ): Promise<GymStep> {
    const { outcome } = reply;
    if (outcome !== undefined) await this.#sessions.close(session);
    return {
      observation: outcome?.kind === "failed" ? outcome.error.message : observation,
      reward,
      terminated: outcome?.kind === "terminated",
      // Agents stop only at `terminated` or `truncated`, so a failure counts as truncated here.
      truncated: outcome !== undefined && outcome.kind !== "terminated",
      info: { ...describeEpisode(reply), ...(outputs !== undefined && { tool_outputs: outputs }) },
    };
  }
}

/** True if the model made a mistake in a tool call; the message is then the output for the model. */
const isMistake = ({ code }: SessionError): boolean => code === "invalid" || code === "unknown";

/** Metrics of an episode: numbers and booleans, which clients average. */
function describeEpisode({ outcome, score, numTurns }: SessionReply): object {
  return {
    success: outcome?.kind === "terminated" && outcome.isSuccess,
    ...(score !== undefined && { score }),
    num_turns: numTurns,
    truncated: outcome?.kind === "truncated",
    failed: outcome?.kind === "failed",
    ...(outcome?.kind === "failed" && { failure: outcome.error }),
  };
}
