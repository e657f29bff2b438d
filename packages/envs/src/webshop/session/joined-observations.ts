import { checkInteger } from "@turnwise/core";

/** Amount of history in an observation. */
export interface JoinedObservationsOptions {
  /** Number of earlier observations, `>= 0`. Default 0. */
  readonly numObservations?: number;
  /** Number of earlier actions, including the last one, `>= 0`. Default 0. */
  readonly numActions?: number;
}

/**
 * Prepends earlier observations and actions to an observation, oldest first, separated by
 * ` [SEP] `, like WebShop's `num_prev_obs` and `num_prev_actions`.
 */
export class JoinedObservations {
  readonly #numObservations: number;
  readonly #numActions: number;
  readonly #observations: string[] = [];
  readonly #actions: string[] = [];

  constructor({ numObservations = 0, numActions = 0 }: JoinedObservationsOptions = {}) {
    checkInteger("JoinedObservations", { numObservations, numActions }, { min: 0 });
    this.#numObservations = numObservations;
    this.#numActions = numActions;
  }

  /**
   * Returns the next observation, joined with the earlier ones.
   * @param action - Action that led to it; none for the first observation of an episode.
   */
  next(observation: string, action?: string): string {
    if (action !== undefined) this.#actions.push(action);
    const parts = [observation];
    const longest = Math.max(this.#numObservations, this.#numActions);
    for (let back = 1; back <= longest; back++) {
      const earlierAction = back <= this.#numActions ? this.#actions.at(-back) : undefined;
      if (earlierAction !== undefined) parts.push(earlierAction);
      const earlier = back <= this.#numObservations ? this.#observations.at(-back) : undefined;
      if (earlier !== undefined) parts.push(earlier);
    }
    this.#observations.push(observation);
    return parts.reverse().join(" [SEP] ");
  }
}
