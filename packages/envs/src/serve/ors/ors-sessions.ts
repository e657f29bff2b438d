import * as z from "zod";
import { readMessage } from "../../call-within.ts";
import { checkInput } from "../check-input.ts";
import type { Clock } from "../clock.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import type { SessionReply } from "../session-records.ts";
import { writeToolAction } from "../tools.ts";
import { waitForReply } from "../wait-for-reply.ts";
import { BackgroundCalls, type BackgroundCall } from "./background-calls.ts";

const taskSchema = z.looseObject({ id: z.string(), split: z.string() });

const createSchema = z.strictObject({
  env_name: z.string().optional(),
  task_spec: taskSchema.optional(),
  split: z.string().optional(),
  index: z.int().nonnegative().optional(),
  secrets: z.record(z.string(), z.unknown()).optional(),
});

const callSchema = z.strictObject({
  name: z.string(),
  input: z.record(z.string(), z.unknown()).nullish(),
  task_id: z.string().optional(),
});

/** A session with the start of its episode. */
interface OrsSession {
  readonly environment: string;
  readonly start: Promise<SessionReply>;
  readonly calls: BackgroundCalls;
}

/** Content that a client shows to its model. */
export interface TextBlock {
  readonly type: "text";
  readonly text: string;
  readonly detail: null;
}

/** Maximum number of ended sessions whose ids are kept, to distinguish them from unknown sessions. */
const maxEnded = 10_000;

const toBlocks = (text: string): readonly TextBlock[] => [{ type: "text", text, detail: null }];

/** Sessions of OpenReward: one episode each, started in the background, played by tool calls. */
export class OrsSessions {
  readonly #sessions: SessionManager;
  readonly #clock: Clock;
  readonly #open = new Map<string, OrsSession>();
  /** Ids of sessions that have ended, oldest first. */
  readonly #ended = new Set<string>();

  constructor(sessions: SessionManager, clock: Clock) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  /**
   * Opens a session for a task, and starts its episode.
   * @throws `SessionError` for an id in use, a wrong body, or without capacity.
   */
  async create(id: string, body: unknown): Promise<void> {
    const {
      env_name: name,
      task_spec: task,
      split,
      index,
    } = checkInput("create", createSchema, body);
    if (
      (task === undefined) === (split === undefined) ||
      (split === undefined) !== (index === undefined)
    ) {
      throw new SessionError(
        "invalid",
        "create must have either task_spec, or split and index, got another combination",
      );
    }
    const environment = this.#sessions.findEnvironment(name).name;
    if (split !== undefined) await this.#check(environment, split, index ?? 0);
    const options = task ? { split: task.split, task_id: task.id } : { split, index };
    this.#sessions.open(environment, { id, onEnd: () => this.#forget(id) });
    const reset = this.#sessions.reset(id, { ...options, prompts: false });
    const start = waitForReply(this.#sessions, id, reset);
    // Calls that need the episode report the failure.
    start.catch(() => undefined);
    this.#open.set(id, { environment, start, calls: new BackgroundCalls(this.#clock) });
  }

  /** Notes that a client is alive. @throws `SessionError` for an unknown session. */
  ping(id: string): void {
    this.#sessions.touch(id);
  }

  /**
   * First observation.
   * @param name - Environment in the path.
   * @throws `SessionError` if the episode did not start, or for another environment.
   */
  async prompt(id: string, name: string | undefined): Promise<readonly TextBlock[]> {
    return toBlocks((await this.#find(id, name).start).text);
  }

  /**
   * Starts a tool call, or finds an earlier one.
   * @param environmentName - Environment in the path.
   * @throws `SessionError` for an unknown session, or for another environment.
   */
  call(id: string, environmentName: string | undefined, body: unknown): BackgroundCall {
    const { calls, environment, start } = this.#find(id, environmentName);
    const { name, input, task_id: earlier } = checkInput("call", callSchema, body);
    const known = earlier === undefined ? undefined : calls.find(earlier);
    if (known !== undefined) return known;
    return calls.start(async () => {
      try {
        await start;
        const action = writeToolAction(this.#sessions.findEnvironment(environment), name, input);
        const step = this.#sessions.step(id, action, true);
        const reply = await waitForReply(this.#sessions, id, step);
        return JSON.stringify({ ok: true, output: toOutput(reply) });
      } catch (error) {
        return JSON.stringify({ ok: false, error: readMessage(error) });
      }
    });
  }

  /** Ends a session. No effect for an unknown session. */
  async delete(id: string): Promise<void> {
    if (this.#open.has(id)) await this.#sessions.close(id);
  }

  #find(id: string, name: string | undefined): OrsSession {
    const session = this.#open.get(id);
    if (session !== undefined) {
      const { name: found } = this.#sessions.findEnvironment(name);
      if (found === session.environment) return session;
      throw new SessionError(
        "invalid",
        `environment must be ${session.environment}, that of the session, got ${found}; to play ${found}, /create must have env_name or a task`,
      );
    }
    if (this.#ended.has(id)) throw new SessionError("closed", "Session deleted");
    throw new SessionError("unknown", `session must be open, got ${JSON.stringify(id)}`);
  }

  #forget(id: string): void {
    this.#open.delete(id);
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > maxEnded) this.#ended.delete(oldest!);
  }

  /** Checks a task before its episode starts in the background. @throws `SessionError` if there is none. */
  async #check(environment: string, split: string, index: number): Promise<void> {
    const found = (await this.#sessions.listSplits(environment)).find(({ name }) => name === split);
    if (found === undefined) throw new SessionError("invalid", "Invalid split");
    if (index >= found.numTasks) {
      throw new SessionError(
        "invalid",
        `index must be in [0, ${found.numTasks - 1}] for split ${split}, got ${index}`,
      );
    }
  }
}

function toOutput({ text, reward, outcome, numTurns, score }: SessionReply): object {
  const isSuccess = outcome?.kind === "terminated" && outcome.isSuccess;
  return {
    blocks: toBlocks(outcome?.kind === "failed" ? outcome.error.message : text),
    metadata: {
      turn: numTurns,
      success: isSuccess,
      score: score ?? null,
      outcome: outcome?.kind ?? null,
    },
    // Clients use the last reward that is not null: here, the reward at the end of the episode.
    reward: outcome === undefined && reward === 0 ? null : reward,
    finished: outcome !== undefined,
  };
}
