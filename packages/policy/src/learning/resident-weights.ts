import type { Feed, ResidentTensor } from "@turnwise/graph";

/** A tensor that several may hold; the last of them that lets go gives it back. */
export class SharedTensor {
  readonly #tensor: ResidentTensor;
  #numHolders = 1;

  /** @param tensor - Held by whoever calls this. */
  constructor(tensor: ResidentTensor) {
    this.#tensor = tensor;
  }

  get tensor(): ResidentTensor {
    return this.#tensor;
  }

  /** Whether somebody else holds it too. */
  get isShared(): boolean {
    return this.#numHolders > 1;
  }

  /** Holds it once more. */
  retain(): this {
    if (this.#numHolders === 0) throw new Error("retain: tensor must be held, got one given back");
    this.#numHolders++;
    return this;
  }

  /** Lets go of it once. */
  release(): void {
    if (this.#numHolders === 0) throw new Error("release: tensor must be held, got one given back");
    this.#numHolders--;
    if (this.#numHolders === 0) this.#tensor.dispose();
  }
}

/**
 * One version of weights with an executor, which does not change: a holder of its tensors. Handing it
 * over copies nothing.
 */
export class ResidentWeights {
  readonly #tensors: ReadonlyMap<string, SharedTensor>;
  #isReleased = false;

  /** @param tensors - By parameter; each is held once more. */
  constructor(tensors: Iterable<readonly [name: string, tensor: SharedTensor]>) {
    this.#tensors = new Map(tensors);
    for (const tensor of this.#tensors.values()) tensor.retain();
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** The tensor of a parameter, as long as this is not released; undefined for an unknown name. */
  get(name: string): ResidentTensor | undefined {
    if (this.#isReleased) throw new Error("get: weights must be held, got released ones");
    return this.#tensors.get(name)?.tensor;
  }

  /** Lets go of all tensors. A second call does nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const tensor of this.#tensors.values()) tensor.release();
  }
}

/** What programs read: arrays, or tensors of their executor. */
export type WeightFeeds = ReadonlyMap<string, Feed | ResidentTensor>;
