import type { EnvironmentState, Outcome, Task } from "@turnwise/core";

/** A split with the number of its tasks. */
export interface SplitSize {
  readonly name: string;
  readonly numTasks: number;
}

/** Choice of a task, and limits of its episode. */
export interface EpisodeRequest<S> {
  /** Settings of the tasks. Equal settings share their tasks. */
  readonly settings: S;
  readonly split: string;
  /** Position of the task in its split, from 0. */
  readonly index: number;
  /** Maximum number of turns, `>= 1`. */
  readonly maxTurns: number;
  /**
   * True for an episode in the words of the agent's format: replies are prompts, and commands are
   * responses that the format parses.
   */
  readonly isPrompted: boolean;
}

/** Message of a client to an episode. */
export interface EpisodeCommand {
  readonly text: string;
  /**
   * True for an action, even in an episode that is played in prompts: tools write actions. Otherwise the
   * text is a response in an episode that is played in prompts.
   */
  readonly isAction: boolean;
}

/** Reply of an episode to its start or to a command. */
export interface EpisodeReply {
  readonly task: Task;
  readonly text: string;
  readonly admissibleActions?: readonly string[];
  /** Reward of the turn; 0 at the start. */
  readonly reward: number;
  /** Score of the benchmark so far, in [0, 1], if it has one in addition to success. */
  readonly score?: number;
  /** Number of turns so far. */
  readonly numTurns: number;
  /** Action that the environment received; absent at the start. */
  readonly action?: string;
  /** True if the command had the format that prompts ask for; absent at the start. */
  readonly isValidAction?: boolean;
  /** End of the episode; absent while it goes on. */
  readonly outcome?: Outcome;
}

/**
 * Thread, or threads, in which episodes run. Each episode has an id of its caller's.
 *
 * @typeParam S - Settings of the tasks: plain data.
 */
export interface EpisodeHost<S> {
  /** Splits that have tasks. @throws `SessionError` with code `tasks` if they cannot be opened. */
  listSplits(settings: S): Promise<readonly SplitSize[]>;
  /** Tasks of a split from `start` up to but not including `stop`. */
  listTasks(settings: S, split: string, start: number, stop: number): Promise<readonly Task[]>;
  /** Position of a task in its split; `undefined` if it is not there. */
  findTask(settings: S, split: string, taskId: string): Promise<number | undefined>;
  /**
   * Starts an episode.
   * @throws `SessionError` with code `failed` if the environment cannot start it; the reason of the
   *   signal if it aborts.
   */
  start(id: string, request: EpisodeRequest<S>, signal: AbortSignal): Promise<EpisodeReply>;
  /** Performs a command. A failure of the environment is the outcome of the reply. */
  step(id: string, command: EpisodeCommand, signal: AbortSignal): Promise<EpisodeReply>;
  /** Current state for people who watch; `undefined` if the environment does not render. */
  render(id: string): Promise<EnvironmentState | undefined>;
  /** Ends an episode and releases its environment. Without effect for an unknown id. */
  stop(id: string): Promise<void>;
  /** Number of episodes that hold an environment. */
  readonly numEpisodes: number;
  /** Ends all episodes and releases the tasks. */
  close(): Promise<void>;
}
