import type { Product } from "./product.ts";

/** What goals need to know of all products at once. */
export interface GoalFacts {
  /** How many synthetic goals each product gives: its combinations of options, `[product]`. */
  readonly numVariants: Uint32Array;
  /**
   * The weight of each product's synthetic goals, `[product]`: the mean, over its attributes, of
   * one over the number of goals that ask for the attribute. 0 without an instruction; not to be
   * used, and not 0, where an instruction gives no goal because an option has no value.
   */
  readonly weights: Float64Array;
  /** The instructions of people that ask for something, by product, as indices. */
  readonly human: ReadonlyMap<number, readonly number[]>;
}

/** Collects {@link GoalFacts} product by product. */
export class GoalFactsBuilder {
  readonly #numVariants: number[] = [];
  readonly #human = new Map<number, readonly number[]>();
  /** The attributes of each product's instruction, as places in a list of all. */
  readonly #asked: (readonly number[])[] = [];
  readonly #places = new Map<string, number>();
  readonly #counts: number[] = [];

  /** Looks at the next product. */
  add(product: Product): void {
    const attributes = product.instruction?.attributes ?? [];
    const numVariants =
      attributes.length === 0
        ? 0
        : product.options.reduce((total, { values }) => total * values.length, 1);
    const asked = attributes.map((attribute) => this.#placeOf(attribute));
    for (const place of asked) this.#counts[place]! += numVariants;
    const usable = (product.humanInstructions ?? []).flatMap((instruction, i) =>
      instruction.attributes.length > 0 ? [i] : [],
    );
    if (usable.length > 0) this.#human.set(this.#numVariants.length, usable);
    this.#numVariants.push(numVariants);
    this.#asked.push(asked);
  }

  #placeOf(attribute: string): number {
    let place = this.#places.get(attribute);
    if (place === undefined) {
      place = this.#counts.push(0) - 1;
      this.#places.set(attribute, place);
    }
    return place;
  }

  build(): GoalFacts {
    const weights = this.#asked.map((asked) => {
      if (asked.length === 0) return 0;
      let total = 0;
      for (const place of asked) total += 1 / this.#counts[place]!;
      return total / asked.length;
    });
    return {
      numVariants: Uint32Array.from(this.#numVariants),
      weights: Float64Array.from(weights),
      human: this.#human,
    };
  }
}
