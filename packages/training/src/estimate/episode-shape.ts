import { mean, sum, trajectoryRows, type Tokenizer, type Trajectory } from "@turnwise/core";
import type { AgentFormat, Demonstration } from "@turnwise/envs";
import { toImitationRows } from "../loop/imitation.ts";

/** Mean episode, in tokens of the model. */
export interface EpisodeShape {
  readonly turns: number;
  /**
   * Mean number of prompt tokens per turn; with concatenated turns, only the tokens that the turn
   * adds.
   */
  readonly promptTokens: number;
  /** Mean number of response tokens per turn, including the end token. */
  readonly responseTokens: number;
}

/** Computes the mean episode of demonstrations. */
export function measureDemonstrations(
  demonstrations: readonly Demonstration[],
  format: AgentFormat,
  tokenizer: Tokenizer,
): EpisodeShape {
  const turns = demonstrations.flatMap((demonstration) => demonstration.turns);
  const rowTokens = demonstrations.flatMap((demonstration) =>
    toImitationRows(demonstration, format, tokenizer, 0).map(({ tokens }) => tokens.length),
  );
  const responseTokens = mean(turns.map(({ response }) => tokenizer.encode(response).length + 1));
  return {
    turns: turns.length / demonstrations.length,
    promptTokens: sum(rowTokens) / turns.length - responseTokens,
    responseTokens,
  };
}

/** Computes the mean episode of trajectories. */
export function measureEpisodes(trajectories: readonly Trajectory[]): EpisodeShape {
  const turns = trajectories.flatMap((trajectory) => trajectory.turns);
  const rowTokens = trajectories.flatMap((trajectory) =>
    trajectoryRows(trajectory).map(({ tokens }) => tokens.length),
  );
  const responseTokens = mean(turns.map((turn) => turn.responseTokens.length));
  return {
    turns: turns.length / trajectories.length,
    promptTokens: sum(rowTokens) / turns.length - responseTokens,
    responseTokens,
  };
}

/** Counts the tokens of an episode's rows: everything that is scored and trained on. */
export function countRowTokens({ turns, promptTokens, responseTokens }: EpisodeShape): number {
  return turns * (promptTokens + responseTokens);
}
