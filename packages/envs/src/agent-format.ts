import type { Presentation } from "@turnwise/core";
import type { Observation } from "./environment.ts";
import type { TextRole } from "./text-roles.ts";

/** An observation and what the agent did about it. */
export interface PastTurn {
  readonly observation: Observation;
  readonly action: string;
}

/** What a response means to the environment. */
export interface ParsedResponse {
  /** The action to send. */
  readonly action: string;
  /** Whether the response had the form that the prompt asks for. */
  readonly isValid: boolean;
}

/**
 * How an agent reads and writes: what a prompt says, and what of a response is the action. Both
 * parts are pure functions.
 */
export interface AgentFormat {
  readonly presentation: Presentation;
  /**
   * The text before the next response. Turn-wise: the whole prompt. Concatenated: what follows the
   * previous response.
   * @param history - All earlier turns of the episode, in order.
   * @param observation - What the environment said last.
   */
  prompt(history: readonly PastTurn[], observation: Observation): string;
  /** A response that says an action, for demonstrations: {@link parse} reads it back. */
  write(action: string): string;
  /**
   * Reads a response.
   * @param response - The decoded response, without the end token.
   * @param observation - What the environment had said before it.
   */
  parse(response: string, observation: Observation): ParsedResponse;
  /** Finds reasoning and action in a response, for modulators that tell their tokens apart. */
  readonly roles?: (response: string) => readonly TextRole[];
}
