/** State of a {@link LossScale}. */
export interface LossScaleState {
  readonly scale: number;
  /** Number of steps since the last change of the scale. */
  readonly numSteps: number;
}

/** Initial scale, and number of steps after which it is doubled; as in PyTorch's `GradScaler`. */
const [first, stepsToGrow] = [2 ** 16, 2000];

/**
 * Dynamic loss scale that avoids underflow of float16 gradients: a power of 2, as large as possible
 * without overflow. It doubles after 2000 steps without an overflow.
 */
export class LossScale {
  #state: LossScaleState = { scale: first, numSteps: 0 };

  get state(): LossScaleState {
    return this.#state;
  }

  /** Replaces the state. */
  restore(state: LossScaleState): void {
    this.#state = state;
  }

  /**
   * Halves the scale after an overflow.
   * @returns False if the scale was 1, which is the minimum.
   */
  shrink(): boolean {
    const { scale } = this.#state;
    if (scale <= 1) return false;
    this.#state = { scale: scale / 2, numSteps: 0 };
    return true;
  }

  /** Records a step without overflow. */
  step(): void {
    const { scale, numSteps } = this.#state;
    this.#state =
      numSteps + 1 < stepsToGrow
        ? { scale, numSteps: numSteps + 1 }
        : { scale: 2 * scale, numSteps: 0 };
  }
}
