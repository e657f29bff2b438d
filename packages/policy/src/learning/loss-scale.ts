/** What a {@link LossScale} goes on from. */
export interface LossScaleState {
  readonly scale: number;
  /** Steps since it last changed. */
  readonly numSteps: number;
}

/** As PyTorch's `GradScaler` begins, and how long it waits until it tries a larger scale. */
const [first, stepsToGrow] = [2 ** 16, 2000];

/**
 * By how much a loss is multiplied, so that its gradients are not lost in float16: always a power of 2,
 * as large as it can be without an overflow. It doubles after 2000 steps without one.
 */
export class LossScale {
  #state: LossScaleState = { scale: first, numSteps: 0 };

  get state(): LossScaleState {
    return this.#state;
  }

  /** Takes over a state. */
  restore(state: LossScaleState): void {
    this.#state = state;
  }

  /** Halves the scale, after an overflow. @returns Whether it was above 1, else it stays. */
  shrink(): boolean {
    const { scale } = this.#state;
    if (scale <= 1) return false;
    this.#state = { scale: scale / 2, numSteps: 0 };
    return true;
  }

  /** Notes a step without an overflow. */
  step(): void {
    const { scale, numSteps } = this.#state;
    this.#state =
      numSteps + 1 < stepsToGrow
        ? { scale, numSteps: numSteps + 1 }
        : { scale: 2 * scale, numSteps: 0 };
  }
}
