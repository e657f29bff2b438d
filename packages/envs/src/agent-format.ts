import type { Presentation } from "@turnwise/core";
import type { Observation } from "./environment.ts";
import type { ToolSchema } from "./scaffold/tool-schemas.ts";
import type { TextRole } from "./text-roles.ts";

/** An observation and the agent's action in response to it. */
export interface PastTurn {
  readonly observation: Observation;
  readonly action: string;
}

/** Action parsed from a response. */
export interface ParsedResponse {
  /** Action for the environment. */
  readonly action: string;
  /** True if the response has the format that the prompt requests. */
  readonly isValid: boolean;
}

/**
 * Format of an agent: writes prompts, and parses actions from responses. Both parts are pure
 * functions.
 */
export interface AgentFormat {
  readonly presentation: Presentation;
  /** Tools that the prompt describes, for servers that are sent them. Default: none. */
  readonly tools?: readonly ToolSchema[];
  /**
   * Returns the text before the next response. Turn-wise: the whole prompt. Concatenated: the text
   * after the previous response.
   * @param history - All earlier turns of the episode, in order.
   * @param observation - Last observation of the environment.
   */
  prompt(history: readonly PastTurn[], observation: Observation): string;
  /** Writes a response that contains an action, for demonstrations; {@link parse} reads it back. */
  write(action: string): string;
  /**
   * Parses a response.
   * @param response - Decoded response, without the end token.
   * @param observation - Observation that preceded it.
   */
  parse(response: string, observation: Observation): ParsedResponse;
  /** Locates reasoning and action in a response, for modulators that distinguish their tokens. */
  readonly roles?: (response: string) => readonly TextRole[];
}
