import type * as z from "zod";
import type { TaskSource } from "../task-source.ts";

/** Settings that a session chose, checked; absent ones keep the server's value. */
export type SessionSettings = Readonly<Record<string, unknown>>;

/**
 * Function that opens tasks in worker threads, as data: functions cannot be sent to a thread. The
 * thread imports the module and calls `exported(...parameters)`.
 */
export interface ThreadedTasks {
  readonly kind: "threads";
  /** Package with its entry point, as the package of environments sees it, or the URL of a file. */
  readonly module: string;
  /** Name of the exported function. It returns a `TaskSource`. */
  readonly exported: string;
  /**
   * Parameters of the function for the settings of a session, plain data.
   * @throws `SessionError` for settings that do not fit together.
   */
  readonly listParameters: (settings: SessionSettings) => readonly unknown[];
  /**
   * Maximum number of threads, `>= 1`. Default: the server's. Tasks that share something outside of the
   * process, such as a container engine, use 1.
   */
  readonly maxThreads?: number;
}

/** Function that opens tasks in the thread of the server. A long computation then delays all clients. */
export interface LocalTasks {
  readonly kind: "local";
  readonly open: (settings: SessionSettings) => Promise<TaskSource>;
}

/** A tool for models that call tools: another way to write an action. */
export interface ServedTool {
  /** An identifier of Python; not `reset`, `step`, `state` or `close`. */
  readonly name: string;
  /** Description for the model. */
  readonly description: string;
  /** Schema of the arguments: an object, whose keys are identifiers of Python. */
  readonly parameters: z.ZodType;
  /** Writes the action of a call whose arguments fit the parameters. */
  readonly writeAction: (given: Readonly<Record<string, unknown>>) => string;
}

/** An environment with its tasks, as a server offers it. */
export interface ServedEnvironment {
  /** Name in addresses: letters, digits, `-` and `_`. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  /** Settings that a session may choose, all optional; `{}` for none. */
  readonly settings: Readonly<Record<string, z.ZodType>>;
  /** Maximum number of turns of an episode, `>= 1`; a session may choose fewer. */
  readonly maxTurns: number;
  readonly tasks: ThreadedTasks | LocalTasks;
  /** True if a session plays in prompts unless it chooses otherwise. Default false. */
  readonly isPrompted?: boolean;
  /** Tools for models. Default: one, `act`, whose argument is the command. */
  readonly tools?: readonly ServedTool[];
}
