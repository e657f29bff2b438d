import type { Feed, ResidentTensor } from "@turnwise/graph";

/** Reference-counted tensor: disposed of when its last holder releases it. */
export class SharedTensor {
  readonly #tensor: ResidentTensor;
  #numHolders = 1;

  /** @param tensor - Tensor; the caller becomes its first holder. */
  constructor(tensor: ResidentTensor) {
    this.#tensor = tensor;
  }

  get tensor(): ResidentTensor {
    return this.#tensor;
  }

  /** True if the weights have more than one holder. */
  get isShared(): boolean {
    return this.#numHolders > 1;
  }

  /** Adds a holder. */
  retain(): this {
    if (this.#numHolders === 0)
      throw new Error("retain: tensor must not be used after its last release()");
    this.#numHolders++;
    return this;
  }

  /** Removes a holder. */
  release(): void {
    if (this.#numHolders === 0)
      throw new Error("release: tensor must not be released again after its last release()");
    this.#numHolders--;
    if (this.#numHolders === 0) this.#tensor.dispose();
  }
}

/**
 * Holder of one immutable version of the weights as resident tensors. Sharing does not copy them.
 */
export class ResidentWeights {
  readonly #tensors: ReadonlyMap<string, SharedTensor>;
  #isReleased = false;

  /**
   * @param tensors - Tensors by parameter name; this object becomes an additional holder of each.
   */
  constructor(tensors: Iterable<readonly [name: string, tensor: SharedTensor]>) {
    this.#tensors = new Map(tensors);
    for (const tensor of this.#tensors.values()) tensor.retain();
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** Tensor of a parameter, valid until `release`; `undefined` for an unknown name. */
  get(name: string): ResidentTensor | undefined {
    if (this.#isReleased) throw new Error("get: weights must not be used after release()");
    return this.#tensors.get(name)?.tensor;
  }

  /** Releases all tensors. A second call has no effect. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const tensor of this.#tensors.values()) tensor.release();
  }
}

/** Weights as inputs of programs: host arrays or resident tensors. */
export type WeightFeeds = ReadonlyMap<string, Feed | ResidentTensor>;
