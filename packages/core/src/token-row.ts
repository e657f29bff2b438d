import type { Trajectory } from "./records.ts";

/** Position of one response in a row of tokens: `start` to `start + length - 1`. */
export interface ResponseSpan {
  /** Turn that the response belongs to. */
  readonly turnIndex: number;
  /** Position of its first token, `>= 1`: a token needs one before it to have a probability. */
  readonly start: number;
  readonly length: number;
}

/**
 * Tokens of a response with one role, positions `start` to `start + length - 1` within the
 * response: its reasoning, the action that the environment parses, or the end of the response.
 * Prompt formats that know the roles provide them; tokens in no span, such as tags, have none.
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
  /** In order of `start`, without overlap. */
  readonly spans: readonly ResponseSpan[];
}

/**
 * Converts a trajectory to rows for a learner: one per turn (turn-wise), or one for all
 * (concatenated). Empty responses get no span; rows without a span are left out.
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
