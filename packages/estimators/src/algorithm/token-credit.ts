/** Credit of the tokens of one response, `[token]` throughout. */
export interface TokenCredit {
  readonly advantages: Float32Array;
  /** Targets of the critic, with a critic. */
  readonly returns?: Float32Array;
  /** The critic's values before the update, with a critic. */
  readonly oldValues?: Float32Array;
}
