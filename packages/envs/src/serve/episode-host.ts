import type { EnvironmentState, Outcome, Task } from "@turnwise/core";

/** A split with the number of its tasks. */
export interface SplitSize {
  readonly name: string;
  readonly numTasks: number;
}

/** Choice of a task, and limits of its episode. */
export interface EpisodeRequest<S> {
  /** Settings of the tasks. Sessions with equal settings share the opened tasks. */
  readonly settings: S;
  readonly split: string;
  /** Position of the task in its split, from 0. */
  readonly index: number;
  /** Maximum number of turns, `>= 1`. */
  readonly maxTurns: number;
  /**
   * True if the client plays in prompts: replies are prompts of the agent's format, and commands
   * are responses that the format parses.
   */
  readonly isPrompted: boolean;
}

/** Command of a client in an episode. */
export interface EpisodeCommand {
  readonly text: string;
  /**
   * True for an action, such as the action of a tool call, even if the episode is played in
   * prompts. Otherwise, in an episode played in prompts, the text is a response.
   */
  readonly isAction: boolean;
}

/** Reply of an episode to its start or to a command. */
export interface EpisodeReply {
  readonly task: Task;
  readonly text: string;
  readonly admissibleActions?: readonly string[];
  /** Reward of the last turn; 0 at the start. */
  readonly reward: number;
  /** Benchmark score so far, in [0, 1]; absent if the benchmark has only success. */
  readonly score?: number;
  /** Number of turns so far. */
  readonly numTurns: number;
  /** Action that was passed to the environment; absent at the start. */
  readonly action?: string;
  /** True if the command had the format that prompts ask for; absent at the start. */
  readonly isValidAction?: boolean;
  /** End of the episode; absent while the episode continues. */
  readonly outcome?: Outcome;
}

/**
 * Host of episodes: one or more threads in which episodes run. The caller chooses the id of each
 * episode.
 * @typeParam S - Settings of the tasks: plain data.
 */
export interface EpisodeHost<S> {
  /** Splits that have tasks. @throws `SessionError` with code `tasks` if they cannot be opened. */
  listSplits(settings: S): Promise<readonly SplitSize[]>;
  /** Tasks of a split from `start` up to but not including `stop`. */
  listTasks(settings: S, split: string, start: number, stop: number): Promise<readonly Task[]>;
  /** Position of a task in its split; `undefined` if the split does not contain it. */
  findTask(settings: S, split: string, taskId: string): Promise<number | undefined>;
  /** Position, in its split, of the task with the given rank (from 0) in the order of task ids. */
  findRanked(settings: S, split: string, rank: number): Promise<number>;
  /**
   * Starts an episode.
   * @throws `SessionError` with code `failed` if the environment cannot start it; the reason of the
   *   signal if it aborts.
   */
  start(id: string, request: EpisodeRequest<S>, signal: AbortSignal): Promise<EpisodeReply>;
  /** Performs a command. If the environment fails, the reply has a failure as its outcome. */
  step(id: string, command: EpisodeCommand, signal: AbortSignal): Promise<EpisodeReply>;
  /** Current state for viewers; `undefined` if the environment does not render. */
  render(id: string): Promise<EnvironmentState | undefined>;
  /** Ends an episode and releases its environment. No effect for an unknown id. */
  stop(id: string): Promise<void>;
  /** Number of episodes that hold an environment. */
  readonly numEpisodes: number;
  /** Ends all episodes and releases the tasks. */
  close(): Promise<void>;
}
