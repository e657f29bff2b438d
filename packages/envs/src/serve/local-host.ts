import type { EnvironmentState, Task } from "@turnwise/core";
import type { TaskSource } from "../task-source.ts";
import { combineSignals } from "./combine-signals.ts";
import type {
  EpisodeCommand,
  EpisodeHost,
  EpisodeReply,
  EpisodeRequest,
  SplitSize,
} from "./episode-host.ts";
import { HostedEpisode } from "./hosted-episode.ts";
import type { OpenedTasks } from "./opened-tasks.ts";
import { SessionError } from "./session-error.ts";
import { TaskLibrary } from "./task-library.ts";

/** A started episode. */
interface Started {
  readonly episode: HostedEpisode;
  readonly reply: EpisodeReply;
  /** Releases the episode's share of the opened tasks. */
  readonly giveBack: () => void;
}

/** An episode, or the promise of its start. */
interface Entry {
  readonly started: Promise<Started>;
  readonly controller: AbortController;
}

/**
 * Runs episodes in this thread.
 * @param open - Opens the tasks of some settings.
 */
export class LocalHost<S> implements EpisodeHost<S> {
  readonly #library: TaskLibrary<S>;
  readonly #episodes = new Map<string, Entry>();

  constructor(open: (settings: S) => Promise<TaskSource>) {
    this.#library = new TaskLibrary(open);
  }

  get numEpisodes(): number {
    return this.#episodes.size;
  }

  async listSplits(settings: S): Promise<readonly SplitSize[]> {
    return this.#read(settings, (tasks) => tasks.listSplits());
  }

  async listTasks(
    settings: S,
    split: string,
    start: number,
    stop: number,
  ): Promise<readonly Task[]> {
    return this.#read(settings, (tasks) =>
      tasks
        .list(split)
        .slice(start, stop)
        .map(({ id, kind }) => ({ id, kind })),
    );
  }

  async findTask(settings: S, split: string, taskId: string): Promise<number | undefined> {
    return this.#read(settings, (tasks) => tasks.find(split, taskId));
  }

  async findRanked(settings: S, split: string, rank: number): Promise<number> {
    return this.#read(settings, (tasks) => tasks.findRanked(split, rank));
  }

  async start(id: string, request: EpisodeRequest<S>, signal: AbortSignal): Promise<EpisodeReply> {
    await this.stop(id);
    signal.throwIfAborted();
    const controller = new AbortController();
    const combined = combineSignals(signal, controller.signal);
    const started = this.#start(request, combined.signal).finally(combined.detach);
    const entry: Entry = { started, controller };
    this.#episodes.set(id, entry);
    try {
      return (await started).reply;
    } catch (cause) {
      if (this.#episodes.get(id) === entry) this.#episodes.delete(id);
      throw cause;
    }
  }

  async step(id: string, command: EpisodeCommand, signal: AbortSignal): Promise<EpisodeReply> {
    const entry = this.#episodes.get(id);
    if (entry === undefined) {
      throw new SessionError("not-started", "step: the episode must be started by a reset first");
    }
    const { episode } = await entry.started;
    const combined = combineSignals(signal, entry.controller.signal);
    try {
      return await episode.step(command, combined.signal);
    } finally {
      combined.detach();
    }
  }

  async render(id: string): Promise<EnvironmentState | undefined> {
    const entry = this.#episodes.get(id);
    return entry && (await entry.started).episode.render();
  }

  async stop(id: string): Promise<void> {
    const entry = this.#episodes.get(id);
    if (entry === undefined) return;
    this.#episodes.delete(id);
    entry.controller.abort(new SessionError("closed", "the episode was stopped"));
    const started = await entry.started.catch(() => undefined);
    if (started === undefined) return;
    started.giveBack();
    await started.episode.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#episodes.keys()].map((id) => this.stop(id)));
    await this.#library.close();
  }

  async #start(
    { settings, split, index, ...limits }: EpisodeRequest<S>,
    signal: AbortSignal,
  ): Promise<Started> {
    const { tasks, giveBack } = await this.#library.borrow(settings);
    try {
      const task = tasks.at(split, index);
      const { source } = tasks;
      return { ...(await HostedEpisode.start({ source, task, limits }, signal)), giveBack };
    } catch (cause) {
      giveBack();
      throw cause;
    }
  }

  async #read<T>(settings: S, read: (tasks: OpenedTasks) => T): Promise<T> {
    const { tasks, giveBack } = await this.#library.borrow(settings);
    try {
      return read(tasks);
    } finally {
      giveBack();
    }
  }
}
