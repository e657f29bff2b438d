import type * as z from "zod";
import type { TaskSource } from "../task-source.ts";

/** Settings that a session chose, after validation; absent settings have the server's value. */
export type SessionSettings = Readonly<Record<string, unknown>>;

/**
 * Function that opens tasks in worker threads, as plain data, because a function cannot be sent to
 * a thread. The thread imports the module and calls `exported(...parameters)`.
 */
export interface ThreadedTasks {
  readonly kind: "threads";
  /** Entry point of a package, as imported from `@turnwise/envs`, or the URL of a file. */
  readonly module: string;
  /** Name of the exported function. It returns a `TaskSource`. */
  readonly exported: string;
  /**
   * Parameters of the function for the settings of a session, plain data.
   * @throws `SessionError` for settings that do not fit together.
   */
  readonly listParameters: (settings: SessionSettings) => readonly unknown[];
  /**
   * Maximum number of threads, `>= 1`. Default: the server's number. Use 1 for tasks that share a
   * resource outside of the process, such as a container engine.
   */
  readonly maxThreads?: number;
}

/** Function that opens tasks in the server's thread. A long computation then delays all clients. */
export interface LocalTasks {
  readonly kind: "local";
  readonly open: (settings: SessionSettings) => Promise<TaskSource>;
}

/** A tool for models that call tools: an alternative way to write an action. */
export interface ServedTool {
  /** Name, a Python identifier; not `reset`, `step`, `state` or `close`. */
  readonly name: string;
  /** Description for the model. */
  readonly description: string;
  /** Schema of the arguments: an object whose keys are Python identifiers. */
  readonly parameters: z.ZodType;
  /** Converts arguments that match the schema to an action. */
  readonly writeAction: (given: Readonly<Record<string, unknown>>) => string;
}

/** An environment and its tasks, as offered by a server. */
export interface ServedEnvironment {
  /** Name in URLs: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Description, one sentence for people. */
  readonly description: string;
  /** Settings that a session may choose, all optional; `{}` for no settings. */
  readonly settings: Readonly<Record<string, z.ZodType>>;
  /** Maximum number of turns of an episode, `>= 1`; a session may choose fewer. */
  readonly maxTurns: number;
  readonly tasks: ThreadedTasks | LocalTasks;
  /** True if sessions play in prompts by default. Default false. */
  readonly isPrompted?: boolean;
  /** Tools for models. Default: one tool, `act`, whose argument is the command. */
  readonly tools?: readonly ServedTool[];
}
