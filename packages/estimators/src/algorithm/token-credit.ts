/** Credit of the tokens of one response; all lists are `[token]`. */
export interface TokenCredit {
  readonly advantages: Float32Array;
  /** Targets of the critic; absent without a critic. */
  readonly returns?: Float32Array;
  /** Values of the critic before the update; absent without a critic. */
  readonly oldValues?: Float32Array;
}
