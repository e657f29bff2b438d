import { randomUUID } from "node:crypto";
import { FailureError, type EnvironmentState, type Task } from "@turnwise/core";
import { systemClock, type Clock } from "./clock.ts";
import type { EpisodeCommand, EpisodeHost, EpisodeReply, SplitSize } from "./episode-host.ts";
import { RunningCall } from "./running-call.ts";
import type { ServedEnvironment, SessionSettings } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";
import { parseSessionOptions, type SessionOptions } from "./session-options.ts";
import type {
  SessionEnd,
  SessionEvent,
  SessionLimits,
  SessionReply,
  SessionState,
} from "./session-records.ts";
import { chooseTask, type TaskPosition } from "./choose-task.ts";

/** Environment with the host of its episodes. */
export interface HostedEnvironment {
  readonly environment: ServedEnvironment;
  readonly host: EpisodeHost<SessionSettings>;
}

/** The episode of a session. */
interface Episode {
  readonly split: string;
  readonly index: number;
  readonly maxTurns: number;
  readonly options: SessionOptions;
  readonly task: Task;
  last: EpisodeReply;
  return: number;
}

interface Session {
  readonly id: string;
  readonly hosted: HostedEnvironment;
  readonly onEnd: (reason: SessionEnd) => void;
  readonly openedAt: number;
  lastUsedAt: number;
  /** Position among the tasks, from which resets without a choice continue. */
  readonly position: TaskPosition;
  episode?: Episode;
  call?: RunningCall;
  isClosed: boolean;
  closed?: Promise<void>;
}

/** Interval between searches for sessions to close, seconds. */
const reapSeconds = 5;
/** Time after which a session no longer counts even if its episode has not ended, seconds. */
const stopSeconds = 60;

/**
 * Sessions of all clients, independent of the protocol. A session plays one episode after another.
 * Calls of one session must not overlap; calls of different sessions are independent. A session
 * ends when its client closes it, it is idle or too old, or the server stops.
 */
export class SessionManager {
  readonly #environments: ReadonlyMap<string, HostedEnvironment>;
  readonly #limits: Required<SessionLimits>;
  readonly #clock: Clock;
  readonly #onEvent: (event: SessionEvent) => void;
  readonly #sessions = new Map<string, Session>();
  #isClosed = false;
  #cancelReaper: () => void = () => undefined;

  /** @param environments - At least one; the first is the default. */
  constructor(
    environments: readonly HostedEnvironment[],
    {
      limits: {
        capacity = 256,
        idleSeconds = 3600,
        lifetimeSeconds = 86_400,
        replySeconds = 50,
      } = {},
      clock = systemClock,
      onEvent = () => undefined,
    }: {
      readonly limits?: SessionLimits;
      readonly clock?: Clock;
      readonly onEvent?: (event: SessionEvent) => void;
    } = {},
  ) {
    this.#environments = new Map(
      environments.map((hosted) => [hosted.environment.name.toLowerCase(), hosted]),
    );
    this.#limits = { capacity, idleSeconds, lifetimeSeconds, replySeconds };
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** Environments in the order of the server; the first is the default. */
  get environments(): readonly ServedEnvironment[] {
    return Array.from(this.#environments.values(), ({ environment }) => environment);
  }

  get limits(): Required<SessionLimits> {
    return this.#limits;
  }

  /** Number of open sessions, at most the capacity. */
  get numSessions(): number {
    return this.#sessions.size;
  }

  /** Number of episodes that hold an environment. */
  get numEpisodes(): number {
    let total = 0;
    for (const { host } of this.#environments.values()) total += host.numEpisodes;
    return total;
  }

  /**
   * Finds an environment by its name, case-insensitively.
   * @param name - Default: the first environment.
   * @throws `SessionError` with code `unknown`.
   */
  findEnvironment(name?: string): ServedEnvironment {
    return this.#find(name).environment;
  }

  /**
   * Opens a session without an episode.
   * @param options - `id`: default a random UUID; `onEnd`: called once, when the session has ended.
   * @throws `SessionError` with code `capacity`, `unknown`, or `invalid` for an id in use.
   */
  open(
    environmentName?: string,
    {
      id = randomUUID(),
      onEnd = () => undefined,
    }: { readonly id?: string; readonly onEnd?: (reason: SessionEnd) => void } = {},
  ): string {
    const hosted = this.#find(environmentName);
    if (this.#isClosed) throw new SessionError("closed", "the server is stopping");
    if (this.#sessions.has(id)) {
      throw new SessionError("invalid", `session must be new, got ${id}, which is open`);
    }
    const { capacity } = this.#limits;
    if (this.#sessions.size >= capacity) {
      throw new SessionError(
        "capacity",
        `the server must have at most ${capacity} sessions, got another; close one, or start the server with a larger capacity`,
        { active_sessions: this.#sessions.size, max_sessions: capacity },
      );
    }
    const now = this.#clock.now();
    if (this.#sessions.size === 0) this.#scheduleReaper();
    this.#sessions.set(id, {
      id,
      hosted,
      onEnd,
      openedAt: now,
      lastUsedAt: now,
      position: {},
      isClosed: false,
    });
    this.#onEvent({ event: "session opened", session: id, environment: hosted.environment.name });
    return id;
  }

  /** Records that the client of a session is alive. @throws `SessionError` with code `unknown`. */
  touch(id: string): void {
    this.#get(id).lastUsedAt = this.#clock.now();
  }

  /**
   * Ends the current episode of a session and starts the next.
   * @param options - Options of the reset as received from the client (`findOptionsSchema`).
   * @throws `SessionError`.
   */
  async reset(id: string, options: unknown): Promise<SessionReply> {
    const session = this.#get(id);
    return this.#noteRefusal(session, async () => {
      const checked = parseSessionOptions(session.hosted.environment, options);
      this.#abandon(session);
      session.call = new RunningCall((signal) => this.#start(session, checked, signal));
      return this.#deliver(session, session.call);
    });
  }

  /**
   * Performs a command in the episode of a session.
   * @param isAction - True for an action that a tool wrote, see {@link EpisodeCommand}. Default false.
   * @throws `SessionError`.
   */
  async step(id: string, text: string, isAction = false): Promise<SessionReply> {
    const session = this.#get(id);
    return this.#noteRefusal(session, async () => {
      const { call, episode } = session;
      if (call !== undefined) {
        if (call.isOverdue) return this.#deliver(session, call);
        throw new SessionError("busy", `step: session ${id} must have no running call, got one`);
      }
      if (episode === undefined) {
        throw new SessionError("not-started", "step: the session must be reset first");
      }
      const command = { text, isAction };
      session.call = new RunningCall((signal) => this.#step(session, episode, command, signal));
      return this.#deliver(session, session.call);
    });
  }

  /** State of a session. @throws `SessionError` with code `unknown`. */
  state(id: string): SessionState {
    const session = this.#get(id);
    const { hosted, episode } = session;
    return {
      session: id,
      environment: hosted.environment.name,
      ...(episode?.options.episodeId !== undefined && { episodeId: episode.options.episodeId }),
      numTurns: episode?.last.numTurns ?? 0,
      return: episode?.return ?? 0,
      ...(episode && { last: this.#reply(session, episode, episode.last, false) }),
    };
  }

  /** State of the environment for viewers; `undefined` if it does not render. */
  async render(id: string): Promise<EnvironmentState | undefined> {
    const session = this.#get(id);
    return session.episode && session.hosted.host.render(id);
  }

  /**
   * Closes a session: cancels its call and releases its environment. No effect for an unknown
   * session.
   */
  async close(id: string, reason: SessionEnd = "client"): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.closed ??= this.#close(session, reason);
    await session.closed;
  }

  /** Splits of an environment, with the number of their tasks. @throws `SessionError`. */
  async listSplits(environmentName?: string): Promise<readonly SplitSize[]> {
    return this.#find(environmentName).host.listSplits({});
  }

  /** Tasks of a split from `start` up to but not including `stop`. @throws `SessionError`. */
  async listTasks(
    environmentName: string | undefined,
    split: string,
    start: number,
    stop: number,
  ): Promise<readonly Task[]> {
    return this.#find(environmentName).host.listTasks({}, split, start, stop);
  }

  /** Closes all sessions and releases all tasks; no session can be opened any more. */
  async shutdown(): Promise<void> {
    this.#isClosed = true;
    this.#cancelReaper();
    await Promise.all([...this.#sessions.keys()].map((id) => this.close(id, "shutdown")));
    await Promise.all(Array.from(this.#environments.values(), ({ host }) => host.close()));
  }

  #find(name: string | undefined): HostedEnvironment {
    const [first] = this.#environments.values();
    const hosted = name === undefined ? first : this.#environments.get(name.toLowerCase());
    if (hosted !== undefined) return hosted;
    const names = this.environments.map((environment) => environment.name).join(", ");
    throw new SessionError("unknown", `environment must be one of ${names}, got ${name}`);
  }

  #get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined || session.isClosed) {
      throw new SessionError("unknown", `session must be open, got ${JSON.stringify(id)}`);
    }
    session.lastUsedAt = this.#clock.now();
    return session;
  }

  async #noteRefusal<T>(session: Session, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof SessionError) {
        const { code, message } = error;
        const environment = session.hosted.environment.name;
        this.#onEvent({ event: "call refused", session: session.id, environment, code, message });
      }
      throw error;
    }
  }

  /**
   * Cancels the call and the episode of a session; the host ends the episode at the next start or
   * stop.
   */
  #abandon(session: Session): void {
    const { call } = session;
    delete session.call;
    delete session.episode;
    call?.cancel(new SessionError("closed", "the call was cancelled by a reset of the session"));
  }

  /** Waits for the result of a call. After the time limit, answers that the call is pending. */
  async #deliver(session: Session, call: RunningCall): Promise<SessionReply> {
    const end = (): void => {
      if (session.call === call) delete session.call;
    };
    try {
      const reply = await call.wait(this.#clock, this.#limits.replySeconds);
      if (reply === undefined) return this.#replyPending(session);
      end();
      return this.#reply(session, session.episode!, reply, false);
    } catch (cause) {
      end();
      throw cause;
    } finally {
      session.lastUsedAt = this.#clock.now();
    }
  }

  #replyPending(session: Session): SessionReply {
    const { episode } = session;
    if (episode !== undefined) {
      return this.#reply(session, episode, { ...episode.last, reward: 0 }, true);
    }
    return {
      session: session.id,
      environment: session.hosted.environment.name,
      split: "",
      index: 0,
      maxTurns: session.hosted.environment.maxTurns,
      task: { id: "", kind: "" },
      text: "",
      reward: 0,
      numTurns: 0,
      isPending: true,
    };
  }

  #reply(
    { id, hosted }: Session,
    { split, index, maxTurns, options }: Episode,
    { admissibleActions, ...reply }: EpisodeReply,
    isPending: boolean,
  ): SessionReply {
    return {
      ...reply,
      ...(options.listsActions && admissibleActions !== undefined && { admissibleActions }),
      session: id,
      environment: hosted.environment.name,
      split,
      index,
      maxTurns,
      isPending,
    };
  }

  async #start(
    session: Session,
    options: SessionOptions,
    signal: AbortSignal,
  ): Promise<EpisodeReply> {
    const startedAt = this.#clock.now();
    const { environment, host } = session.hosted;
    const { split, index } = await chooseTask(host, session.position, options);
    signal.throwIfAborted();
    const maxTurns = options.maxTurns ?? environment.maxTurns;
    const { settings, isPrompted } = options;
    const request = { settings, split, index, maxTurns, isPrompted };
    const reply = await host.start(session.id, request, signal);
    signal.throwIfAborted();
    session.episode = { split, index, maxTurns, options, task: reply.task, last: reply, return: 0 };
    this.#onEvent({
      event: "episode started",
      session: session.id,
      environment: environment.name,
      split,
      task: reply.task.id,
      seconds: (this.#clock.now() - startedAt) / 1000,
    });
    return reply;
  }

  async #step(
    session: Session,
    episode: Episode,
    command: EpisodeCommand,
    signal: AbortSignal,
  ): Promise<EpisodeReply> {
    const startedAt = this.#clock.now();
    const { environment, host } = session.hosted;
    const wasEnded = episode.last.outcome !== undefined;
    let reply: EpisodeReply;
    try {
      reply = await host.step(session.id, command, signal);
    } catch (cause) {
      if (signal.aborted || wasEnded || !isLoss(cause)) throw cause;
      const { message } = cause;
      const kind = cause instanceof FailureError ? cause.kind : "resources";
      reply = {
        ...episode.last,
        reward: 0,
        outcome: { kind: "failed", error: { kind, message } },
      };
    }
    signal.throwIfAborted();
    episode.last = reply;
    episode.return += reply.reward;
    const names = { session: session.id, environment: environment.name };
    this.#onEvent({
      event: "turn",
      ...names,
      seconds: (this.#clock.now() - startedAt) / 1000,
    });
    const { outcome } = reply;
    if (outcome !== undefined) {
      this.#onEvent({
        event: "episode ended",
        ...names,
        task: reply.task.id,
        outcome: outcome.kind,
        isSuccess: outcome.kind === "terminated" && outcome.isSuccess,
        numTurns: reply.numTurns,
        ...(outcome.kind === "failed" && { message: outcome.error.message }),
      });
    }
    return reply;
  }

  async #close(session: Session, reason: SessionEnd): Promise<void> {
    const { id, hosted } = session;
    session.isClosed = true;
    session.call?.cancel(new SessionError("closed", `session ${id} was closed (${reason})`));
    let cancel = (): void => undefined;
    const expired = new Promise<void>((resolve) => {
      cancel = this.#clock.after(stopSeconds, resolve);
    });
    // If an environment cannot be stopped, nothing more can be released.
    await Promise.race([hosted.host.stop(id).catch(() => undefined), expired]);
    cancel();
    this.#sessions.delete(id);
    if (this.#sessions.size === 0) this.#cancelReaper();
    const environment = hosted.environment.name;
    this.#onEvent({ event: "session closed", session: id, environment, reason });
    session.onEnd(reason);
  }

  #scheduleReaper(): void {
    this.#cancelReaper();
    this.#cancelReaper = this.#clock.after(reapSeconds, () => {
      this.#reap();
      if (this.#sessions.size > 0 && !this.#isClosed) this.#scheduleReaper();
    });
  }

  #reap(): void {
    const now = this.#clock.now();
    const { idleSeconds, lifetimeSeconds } = this.#limits;
    for (const { id, openedAt, lastUsedAt, call } of this.#sessions.values()) {
      const isWaiting = call !== undefined && !call.isOverdue;
      if (now - openedAt >= lifetimeSeconds * 1000) void this.close(id, "lifetime");
      else if (!isWaiting && now - lastUsedAt >= idleSeconds * 1000) void this.close(id, "idle");
    }
  }
}

/** True if the thread of an episode was lost, so that the host no longer knows the episode. */
function isLoss(cause: unknown): cause is Error {
  return (
    cause instanceof FailureError || (cause instanceof SessionError && cause.code === "not-started")
  );
}
