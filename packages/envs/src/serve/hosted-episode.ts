import type { EnvironmentState, Outcome, Task } from "@turnwise/core";
import type { PastTurn } from "../agent-format.ts";
import { callWithin, defaultTimeoutSeconds, EpisodeFailure, readMessage } from "../call-within.ts";
import type { Environment, Observation, StepResult } from "../environment.ts";
import { renderState } from "../render-state.ts";
import type { TaskSource } from "../task-source.ts";
import type { EpisodeCommand, EpisodeReply, EpisodeRequest } from "./episode-host.ts";
import { SessionError } from "./session-error.ts";

/** Parts of a hosted episode. */
interface EpisodeParts {
  readonly source: TaskSource;
  readonly task: Task;
  readonly limits: Pick<EpisodeRequest<unknown>, "maxTurns" | "isPrompted">;
}

/**
 * An episode that a client plays: the environment, the turn limit, and the history, from which
 * prompts are written.
 */
export class HostedEpisode {
  readonly #parts: EpisodeParts;
  readonly #environment: Environment;
  readonly #timeoutSeconds: number;
  /** Past turns for prompts; empty if the client does not play in prompts. */
  readonly #history: PastTurn[] = [];
  #numTurns = 0;
  #observation: Observation = { text: "" };
  #outcome: Outcome | undefined;

  private constructor(parts: EpisodeParts, environment: Environment, timeoutSeconds: number) {
    this.#parts = parts;
    this.#environment = environment;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /**
   * Creates the environment of a task and resets it.
   * @throws `SessionError` with code `failed`; the reason of the signal if it aborts. In both cases
   *   the environment is closed.
   */
  static async start(
    parts: EpisodeParts,
    signal: AbortSignal,
  ): Promise<{ readonly episode: HostedEpisode; readonly reply: EpisodeReply }> {
    const { source, task } = parts;
    const seconds = source.environmentTimeoutSeconds ?? defaultTimeoutSeconds;
    const made = Promise.resolve().then(() => source.createEnvironment(task));
    try {
      const environment = await callWithin("create environment", seconds, signal, () => made);
      const episode = new HostedEpisode(parts, environment, seconds);
      const reset = (inner: AbortSignal): Promise<Observation> => environment.reset(inner);
      episode.#observation = await callWithin("reset", seconds, signal, reset);
      return { episode, reply: episode.#reply({ reward: 0 }) };
    } catch (cause) {
      // The environment may exist already, or may be created after the time limit.
      void made.then((environment) => environment.close()).catch(() => undefined);
      if (!(cause instanceof EpisodeFailure)) throw cause;
      throw new SessionError("failed", cause.message, { kind: cause.kind }, { cause });
    }
  }

  /**
   * Performs a command.
   * @throws `SessionError` with code `ended` after the end; the reason of the signal if it aborts.
   */
  async step(command: EpisodeCommand, signal: AbortSignal): Promise<EpisodeReply> {
    if (this.#outcome !== undefined) {
      throw new SessionError(
        "ended",
        `step: the episode must be running, but it is ${this.#outcome.kind}; start another with reset`,
        { outcome: this.#outcome.kind },
      );
    }
    const { source, limits } = this.#parts;
    const { action, isValid } =
      limits.isPrompted && !command.isAction
        ? source.format.parse(command.text, this.#observation)
        : { action: command.text, isValid: true };
    let result: StepResult;
    try {
      const step = (inner: AbortSignal): Promise<StepResult> =>
        this.#environment.step(action, inner);
      result = await callWithin("step", this.#timeoutSeconds, signal, step);
    } catch (cause) {
      if (!(cause instanceof EpisodeFailure)) throw cause;
      const { kind, message } = cause;
      this.#outcome = { kind: "failed", error: { kind, message } };
      return this.#reply({ reward: 0, action, isValidAction: isValid });
    }
    this.#numTurns++;
    if (limits.isPrompted) this.#history.push({ observation: this.#observation, action });
    this.#observation = result;
    if (result.isTerminal) this.#outcome = { kind: "terminated", isSuccess: result.isSuccess };
    else if (this.#numTurns >= limits.maxTurns) {
      this.#outcome = { kind: "truncated", limit: "turns" };
    }
    return this.#reply({
      reward: result.reward,
      action,
      isValidAction: isValid,
      ...(result.score !== undefined && { score: result.score }),
    });
  }

  async render(): Promise<EnvironmentState | undefined> {
    return renderState(this.#environment, this.#timeoutSeconds, undefined);
  }

  /** Releases the environment. @returns Error message of the environment, if any. */
  async close(): Promise<string | undefined> {
    try {
      await this.#environment.close();
      return undefined;
    } catch (cause) {
      return readMessage(cause);
    }
  }

  #reply(turn: Pick<EpisodeReply, "reward" | "score" | "action" | "isValidAction">): EpisodeReply {
    const { source, task, limits } = this.#parts;
    const { text, admissibleActions } = this.#observation;
    // After the end, no prompt is needed.
    const isPrompt = limits.isPrompted && this.#outcome === undefined;
    return {
      task: { id: task.id, kind: task.kind },
      text: isPrompt ? source.format.prompt(this.#history, this.#observation) : text,
      ...(admissibleActions !== undefined && { admissibleActions: [...admissibleActions] }),
      ...turn,
      numTurns: this.#numTurns,
      ...(this.#outcome !== undefined && { outcome: this.#outcome }),
    };
  }
}
