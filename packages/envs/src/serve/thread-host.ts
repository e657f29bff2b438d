import { FailureError, type EnvironmentState, type Task } from "@turnwise/core";
import { systemClock, type Clock } from "./clock.ts";
import type {
  EpisodeCommand,
  EpisodeHost,
  EpisodeReply,
  EpisodeRequest,
  SplitSize,
} from "./episode-host.ts";
import { EpisodeThread } from "./episode-thread-port.ts";
import type { SessionSettings, ThreadedTasks } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";

/** Options of {@link ThreadHost}. */
export interface ThreadHostOptions {
  /** Number of threads, `>= 1`. Threads start when they are needed. */
  readonly numThreads: number;
  /** Memory limit of the heap of each thread, MiB. Default: Node's limit. */
  readonly memoryMegabytes?: number;
  /**
   * Maximum time for which a thread's event loop may be blocked before the thread is terminated,
   * seconds. Default 300.
   */
  readonly silenceSeconds?: number;
  readonly clock?: Clock;
  /** Called when a thread has ended by itself. Only its own episodes are lost. */
  readonly onThreadEnd?: (reason: Error, numLost: number) => void;
}

/** Time for a thread to release its environments before it is terminated, seconds. */
const closeSeconds = 10;

/** A thread with its episodes. */
interface Slot {
  thread: EpisodeThread | undefined;
  readonly episodes: Set<Episode>;
}

/** An episode, from its start to its end. */
interface Episode {
  readonly id: string;
  readonly slot: Slot;
}

/**
 * Runs episodes in worker threads. Each episode runs in the thread that had the fewest episodes at
 * its start. If a thread dies, only its episodes fail, and a new thread is started when needed.
 */
export class ThreadHost implements EpisodeHost<SessionSettings> {
  readonly #tasks: ThreadedTasks;
  readonly #options: ThreadHostOptions;
  readonly #slots: readonly Slot[];
  readonly #episodes = new Map<string, Episode>();

  constructor(tasks: ThreadedTasks, options: ThreadHostOptions) {
    this.#tasks = tasks;
    this.#options = options;
    const numThreads = Math.min(options.numThreads, tasks.maxThreads ?? Infinity);
    this.#slots = Array.from({ length: numThreads }, () => ({
      thread: undefined,
      episodes: new Set(),
    }));
  }

  get numEpisodes(): number {
    return this.#episodes.size;
  }

  async listSplits(settings: SessionSettings): Promise<readonly SplitSize[]> {
    return this.#ask("listSplits", [this.#tasks.listParameters(settings)]);
  }

  async listTasks(
    settings: SessionSettings,
    split: string,
    start: number,
    stop: number,
  ): Promise<readonly Task[]> {
    return this.#ask("listTasks", [this.#tasks.listParameters(settings), split, start, stop]);
  }

  async findTask(
    settings: SessionSettings,
    split: string,
    taskId: string,
  ): Promise<number | undefined> {
    return this.#ask("findTask", [this.#tasks.listParameters(settings), split, taskId]);
  }

  async findRanked(settings: SessionSettings, split: string, rank: number): Promise<number> {
    return this.#ask("findRanked", [this.#tasks.listParameters(settings), split, rank]);
  }

  async start(
    id: string,
    { settings, ...request }: EpisodeRequest<SessionSettings>,
    signal: AbortSignal,
  ): Promise<EpisodeReply> {
    const threaded = { ...request, settings: this.#tasks.listParameters(settings) };
    await this.stop(id);
    signal.throwIfAborted();
    const slot = this.#slots.reduce((least, other) =>
      other.episodes.size < least.episodes.size ? other : least,
    );
    const episode: Episode = { id, slot };
    slot.episodes.add(episode);
    this.#episodes.set(id, episode);
    try {
      return await this.#threadOf(slot).call<EpisodeReply>("start", [id, threaded], signal);
    } catch (cause) {
      this.#forget(episode);
      if (!(cause instanceof FailureError)) throw cause;
      throw new SessionError("failed", cause.message, { kind: cause.kind }, { cause });
    }
  }

  async step(id: string, command: EpisodeCommand, signal: AbortSignal): Promise<EpisodeReply> {
    return this.#find(id).call<EpisodeReply>("step", [id, command], signal);
  }

  async render(id: string): Promise<EnvironmentState | undefined> {
    return this.#find(id).call("render", [id]);
  }

  async stop(id: string): Promise<void> {
    const episode = this.#episodes.get(id);
    if (episode === undefined) return;
    this.#forget(episode);
    try {
      await episode.slot.thread?.call("stop", [id]);
    } catch (cause) {
      // When a thread ends, so do its episodes.
      if (!(cause instanceof FailureError)) throw cause;
    }
  }

  async close(): Promise<void> {
    const threads = this.#slots.flatMap(({ thread }) => thread ?? []);
    this.#episodes.clear();
    for (const slot of this.#slots) slot.episodes.clear();
    await Promise.all(
      threads.map(async (thread) => {
        const { clock = systemClock } = this.#options;
        let cancel = (): void => undefined;
        await Promise.race([
          thread.call("close", []).catch(() => undefined),
          new Promise<void>((resolve) => {
            cancel = clock.after(closeSeconds, resolve);
          }),
        ]);
        cancel();
        await thread.terminate();
      }),
    );
  }

  async #ask<T>(
    method: "listSplits" | "listTasks" | "findTask" | "findRanked",
    parameters: readonly unknown[],
  ): Promise<T> {
    try {
      return await this.#threadOf(this.#slots[0]!).call<T>(method, parameters);
    } catch (cause) {
      if (!(cause instanceof FailureError)) throw cause;
      throw new SessionError("tasks", cause.message, {}, { cause });
    }
  }

  #find(id: string): EpisodeThread {
    const thread = this.#episodes.get(id)?.slot.thread;
    if (thread !== undefined) return thread;
    throw new SessionError("not-started", "step: the episode must be started by a reset first");
  }

  #forget(episode: Episode): void {
    episode.slot.episodes.delete(episode);
    if (this.#episodes.get(episode.id) === episode) this.#episodes.delete(episode.id);
  }

  #threadOf(slot: Slot): EpisodeThread {
    if (slot.thread !== undefined) return slot.thread;
    const { memoryMegabytes, silenceSeconds = 300, clock = systemClock } = this.#options;
    const { module, exported } = this.#tasks;
    const thread = new EpisodeThread(
      { module, exported },
      {
        silenceSeconds,
        clock,
        ...(memoryMegabytes !== undefined && { memoryMegabytes }),
        onEnd: (reason) => {
          if (slot.thread !== thread) return;
          slot.thread = undefined;
          const numLost = slot.episodes.size;
          for (const episode of slot.episodes) this.#forget(episode);
          this.#options.onThreadEnd?.(reason, numLost);
        },
      },
    );
    slot.thread = thread;
    return thread;
  }
}
