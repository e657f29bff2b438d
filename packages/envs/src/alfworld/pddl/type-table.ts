/** The types of a domain. All are below `object`, whether or not the domain says so. */
export class TypeTable {
  readonly #names: string[] = ["object"];
  readonly #index = new Map<string, number>([["object", 0]]);
  readonly #declared = new Set<string>(["object"]);
  readonly #parents: number[] = [-1];

  /** Number of types, those included that were only mentioned. */
  get length(): number {
    return this.#names.length;
  }

  /** The index of a type, which need not be declared: one that is not has no members. */
  mention(name: string): number {
    const known = this.#index.get(name);
    if (known !== undefined) return known;
    const index = this.#names.push(name) - 1;
    this.#index.set(name, index);
    this.#parents.push(-1);
    return index;
  }

  /** Declares a type and what it is a kind of. `object` stays above all. */
  declare(name: string, parent: string): void {
    const index = this.mention(name);
    this.#declared.add(name);
    if (index !== 0 && name !== parent) this.#parents[index] = this.mention(parent);
  }

  /** The index of a declared type. */
  declared(name: string): number | undefined {
    return this.#declared.has(name) ? this.#index.get(name) : undefined;
  }

  /** The index of a type that was declared or mentioned. */
  find(name: string): number | undefined {
    return this.#index.get(name);
  }

  name(index: number): string {
    return this.#names[index]!;
  }

  /**
   * Whether the first type is the second or, over any number of parents, a kind of it. Nothing is
   * of type -1: it stands for names that were never declared.
   */
  isKindOf(type: number, ancestor: number): boolean {
    if (ancestor === 0) return type >= 0;
    // A circle of parents ends the walk after as many steps as there are types.
    for (let steps = 0; type >= 0 && steps <= this.length; steps++) {
      if (type === ancestor) return true;
      type = this.#parents[type]!;
    }
    return false;
  }
}
