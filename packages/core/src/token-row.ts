import type { Trajectory } from "./records.ts";

/** Position of a response in a token row: `start` to `start + length - 1`. */
export interface ResponseSpan {
  /** Index of the turn that produced the response. */
  readonly turnIndex: number;
  /** Position of the first token, `>= 1`: the first token of a row has no log-prob. */
  readonly start: number;
  readonly length: number;
}

/**
 * Tokens of a response that share a role, positions `start` to `start + length - 1` within the
 * response. Roles: the reasoning, the action that the environment parses, and the end of the
 * response. Prompt formats may provide the spans; tokens outside all spans, such as tags, have no
 * role.
 */
export interface RoleSpan {
  readonly role: "reasoning" | "action" | "end";
  readonly start: number;
  readonly length: number;
}

/**
 * Token sequence as a model reads it, with the responses to score or train on. Everything between
 * the spans (prompts, observations) is context only.
 */
export interface TokenRow {
  readonly tokens: readonly number[];
  /** Ordered by `start`, without overlap. */
  readonly spans: readonly ResponseSpan[];
}

/**
 * Converts a trajectory to rows for a learner: one per turn (turn-wise), or one for all
 * (concatenated). Empty responses get no span; rows without spans are omitted.
 */
export function trajectoryRows(trajectory: Trajectory): TokenRow[] {
  if (trajectory.presentation === "turn-wise") {
    return trajectory.turns.flatMap((turn, turnIndex) => {
      const { promptTokens, responseTokens } = turn;
      if (responseTokens.length === 0) return [];
      const span = { turnIndex, start: promptTokens.length, length: responseTokens.length };
      return [{ tokens: [...promptTokens, ...responseTokens], spans: [span] }];
    });
  }
  const tokens: number[] = [];
  const spans: ResponseSpan[] = [];
  trajectory.turns.forEach((turn, turnIndex) => {
    tokens.push(...turn.promptTokens);
    if (turn.responseTokens.length > 0) {
      spans.push({ turnIndex, start: tokens.length, length: turn.responseTokens.length });
    }
    tokens.push(...turn.responseTokens);
  });
  return spans.length > 0 ? [{ tokens, spans }] : [];
}
