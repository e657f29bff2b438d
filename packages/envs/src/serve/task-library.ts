import { readMessage } from "../call-within.ts";
import type { TaskSource } from "../task-source.ts";
import { OpenedTasks } from "./opened-tasks.ts";
import { SessionError } from "./session-error.ts";

/** Opened tasks, with the number of their users. */
interface Entry {
  readonly tasks: Promise<OpenedTasks>;
  numUsers: number;
}

/** Maximum number of task sources that are open at the same time. */
const maxOpen = 16;

/**
 * Opened task sources by their settings. Equal settings share a source; if there are too many
 * sources, a source that no episode uses is closed.
 */
export class TaskLibrary<S> {
  readonly #open: (settings: S) => Promise<TaskSource>;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(open: (settings: S) => Promise<TaskSource>) {
    this.#open = open;
  }

  /**
   * Lends tasks to a call, or to an episode until it ends.
   * @throws `SessionError` with code `capacity` if too many sources are in use, `tasks` if the source
   *   cannot be opened.
   */
  async borrow(
    settings: S,
  ): Promise<{ readonly tasks: OpenedTasks; readonly giveBack: () => void }> {
    const key = JSON.stringify(settings);
    const entry = this.#entries.get(key) ?? this.#add(key, settings);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.numUsers++;
    let isLent = true;
    const giveBack = (): void => {
      if (isLent) entry.numUsers--;
      isLent = false;
    };
    try {
      return { tasks: await entry.tasks, giveBack };
    } catch (cause) {
      giveBack();
      // If opening failed, the next call tries again.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw new SessionError("tasks", readMessage(cause), {}, { cause });
    }
  }

  /** Closes all sources. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => closeEntry(entry)));
  }

  #add(key: string, settings: S): Entry {
    if (this.#entries.size >= maxOpen) this.#removeUnused();
    const tasks = this.#open(settings).then((source) => new OpenedTasks(source));
    // The borrower handles the error.
    tasks.catch(() => undefined);
    const entry: Entry = { tasks, numUsers: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #removeUnused(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.numUsers > 0) continue;
      this.#entries.delete(key);
      void closeEntry(entry);
      return;
    }
    throw new SessionError(
      "capacity",
      `settings must be one of the ${maxOpen} combinations in use, got another; wait until an episode ends`,
    );
  }
}

async function closeEntry({ tasks }: Entry): Promise<void> {
  // A source that could not be opened, or fails to close, holds nothing that could still be
  // released.
  await tasks.then(({ source }) => source.close?.()).catch(() => undefined);
}
