/** Credit of the tokens of one response, `[token]` throughout. */
export interface TokenCredit {
  readonly advantages: Float32Array;
  /** Targets of the critic, if there is one. */
  readonly returns?: Float32Array;
  /** Values of the critic before the update, if there is one. */
  readonly oldValues?: Float32Array;
}
