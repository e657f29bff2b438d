import { checkInteger, checkPositive } from "@turnwise/core";
import { ContainerError, type Container } from "../containers/container.ts";
import type { Observation, StepResult } from "../environment.ts";
import type { Scaffold } from "./scaffold.ts";
import { ToolRunner } from "./tool-runner.ts";

/** Event that ended an episode. */
export type EpisodeEvent = "submit" | "steps" | "time";

/** Limits of an episode with tools. */
export interface ToolEpisodeLimits {
  /**
   * Maximum number of steps, `>= 1`; the episode is graded when it reaches the limit. Default: the
   * rollout's limit.
   */
  readonly maxSteps?: number;
  /**
   * Handling of an episode that reaches `maxSteps`: grade its current state, or leave it to the
   * rollout's own limit, which truncates the episode so that the algorithm can filter it out.
   * Default `grade`.
   */
  readonly onStepLimit?: "grade" | "cut";
  /**
   * Maximum duration of an episode, not including the final tests, seconds. Default 5400, as in
   * DeepSWE's training.
   */
  readonly maxSeconds?: number;
  /**
   * Handling of an episode that runs out of time: grade its current state, or let it fail so that
   * the algorithm filters it out. Default `fail`.
   */
  readonly onTimeLimit?: "grade" | "fail";
  /** Maximum duration of a command, seconds. Default 90. */
  readonly commandTimeoutSeconds?: number;
  /** Maximum length of an observation, characters, `> 0`. Default 10,000. */
  readonly maxObservationCharacters?: number;
}

/** A container in which an agent works. */
export interface AgentContainer {
  readonly container: Container;
  /** Folder in which commands start. */
  readonly folder: string;
  /** Variables of commands. */
  readonly environment: Readonly<Record<string, string>>;
  /** User of commands. Default: the container's user. */
  readonly user?: string;
}

/** Episode of an agent that works with tools in a container. */
export interface ToolEpisode<C extends AgentContainer> {
  /** The agent's container, after `reset`. */
  readonly opened: C | undefined;
  readonly numSteps: number;
  readonly lastAction: string | undefined;
  /** Starts the container. @returns The first observation. */
  reset(signal?: AbortSignal): Promise<Observation>;
  step(action: string, signal?: AbortSignal): Promise<StepResult>;
  /** Runs work whose duration does not count against the agent. */
  withoutClock<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Creates an episode: the container is opened at reset, every action is run by the scaffold's tools,
 * and a submission or a limit ends the episode.
 * @param name - Name of the caller, for messages.
 * @param parts.finish - Grades the episode; its `answer` is the reply to the last action.
 */
export function createToolEpisode<C extends AgentContainer>(
  name: string,
  parts: {
    readonly taskId: string;
    readonly scaffold: Scaffold;
    readonly limits: ToolEpisodeLimits;
    readonly open: (signal: AbortSignal | undefined) => Promise<C>;
    readonly introduce: (opened: C) => string;
    readonly finish: (
      opened: C,
      event: EpisodeEvent,
      answer: string,
      signal: AbortSignal | undefined,
    ) => Promise<StepResult>;
  },
): ToolEpisode<C> {
  const { taskId, scaffold, limits, finish } = parts;
  const { maxSteps, onStepLimit = "grade", maxSeconds = 5400, onTimeLimit = "fail" } = limits;
  const { commandTimeoutSeconds = 90, maxObservationCharacters = 10_000 } = limits;
  if (maxSteps !== undefined) checkInteger(name, { maxSteps }, { min: 1 });
  checkPositive(name, { maxSeconds, commandTimeoutSeconds, maxObservationCharacters });
  let opened: C | undefined;
  let tools: ToolRunner | undefined;
  let started = 0;
  let numSteps = 0;
  let isClosed = false;
  let lastAction: string | undefined;
  return {
    get opened() {
      return opened;
    },
    get numSteps() {
      return numSteps;
    },
    get lastAction() {
      return lastAction;
    },
    reset: async (signal) => {
      opened = await parts.open(signal);
      if (isClosed) await opened.container.close();
      tools = new ToolRunner(opened.container, {
        scaffold,
        folder: opened.folder,
        commandTimeoutSeconds,
        maxCharacters: maxObservationCharacters,
        env: opened.environment,
        ...(opened.user !== undefined && { user: opened.user }),
      });
      started = performance.now();
      return { text: parts.introduce(opened) };
    },
    step: async (action, signal) => {
      if (opened === undefined || tools === undefined) {
        throw new Error(`${name}: reset must come before step`);
      }
      numSteps += 1;
      lastAction = action;
      if ((performance.now() - started) / 1000 > maxSeconds) {
        if (onTimeLimit === "grade") return finish(opened, "time", "Time is up.", signal);
        throw new ContainerError(
          "timeout",
          `${taskId}: the episode took longer than ${maxSeconds} s`,
        );
      }
      const { text, isSubmission } = await tools.act(action, signal);
      if (isSubmission) return finish(opened, "submit", text, signal);
      if (maxSteps === undefined) return { text, reward: 0, isTerminal: false, isSuccess: false };
      const left = maxSteps - numSteps;
      const note =
        left > 0
          ? `Steps Remaining: ${left}`
          : "You have reached the maximum number of steps. Please submit your answer NOW.";
      const withNote = scaffold.showsRemainingTurns === false ? text : `${text}\n${note}`;
      if (left <= 0 && onStepLimit === "grade") return finish(opened, "steps", withNote, signal);
      return { text: withNote, reward: 0, isTerminal: false, isSuccess: false };
    },
    withoutClock: async (work) => {
      const begun = performance.now();
      try {
        return await work();
      } finally {
        started += performance.now() - begun;
      }
    },
    close: async () => {
      isClosed = true;
      await opened?.container.close();
    },
  };
}
