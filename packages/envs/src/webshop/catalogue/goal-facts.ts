import { choosableOptions } from "./choosable-options.ts";
import type { Product, ProductOption } from "./product.ts";

/** Statistics of the synthetic goals of each product. */
export interface SyntheticFacts {
  /** Number of goals, which is the number of option combinations, `[product]`. */
  readonly numVariants: Float64Array;
  /**
   * Weight of each goal, `[product]`: the mean, over its attributes, of 1 / (number of goals that
   * ask for the attribute). 0 without an instruction. If an option has no value, the product has no
   * goal even with an instruction; its weight is then positive but unused.
   */
  readonly weights: Float64Array;
}

/** Statistics over all products that goals need. */
export interface GoalFacts {
  /** Facts over all options, as in WebShop's code, and over selectable options only. */
  readonly synthetic: Readonly<Record<"reference" | "repaired", SyntheticFacts>>;
  /** Indices of the human instructions with requirements, by product. */
  readonly human: ReadonlyMap<number, readonly number[]>;
}

/** Collects {@link GoalFacts} product by product. */
export class GoalFactsBuilder {
  readonly #reference = new SyntheticFactsBuilder();
  readonly #repaired = new SyntheticFactsBuilder();
  readonly #human = new Map<number, readonly number[]>();
  #numProducts = 0;

  /** Adds the next product. */
  add(product: Product): void {
    const attributes = product.instruction?.attributes ?? [];
    this.#reference.add(attributes, product.options);
    this.#repaired.add(attributes, choosableOptions(product.options));
    const usable = (product.humanInstructions ?? []).flatMap((instruction, i) =>
      instruction.attributes.length > 0 ? [i] : [],
    );
    if (usable.length > 0) this.#human.set(this.#numProducts, usable);
    this.#numProducts += 1;
  }

  build(): GoalFacts {
    return {
      synthetic: { reference: this.#reference.build(), repaired: this.#repaired.build() },
      human: this.#human,
    };
  }
}

class SyntheticFactsBuilder {
  readonly #numVariants: number[] = [];
  /** Attributes of each product's instruction, as indices into the list of all attributes. */
  readonly #asked: (readonly number[])[] = [];
  readonly #indices = new Map<string, number>();
  readonly #counts: number[] = [];

  add(attributes: readonly string[], options: readonly ProductOption[]): void {
    const numVariants =
      attributes.length === 0 ? 0 : options.reduce((total, { values }) => total * values.length, 1);
    const asked = attributes.map((attribute) => this.#indexOf(attribute));
    for (const index of asked) this.#counts[index]! += numVariants;
    this.#numVariants.push(numVariants);
    this.#asked.push(asked);
  }

  #indexOf(attribute: string): number {
    let index = this.#indices.get(attribute);
    if (index === undefined) {
      index = this.#counts.push(0) - 1;
      this.#indices.set(attribute, index);
    }
    return index;
  }

  build(): SyntheticFacts {
    const weights = this.#asked.map((asked) => {
      if (asked.length === 0) return 0;
      let total = 0;
      for (const index of asked) total += 1 / this.#counts[index]!;
      return total / asked.length;
    });
    return {
      numVariants: Float64Array.from(this.#numVariants),
      weights: Float64Array.from(weights),
    };
  }
}
