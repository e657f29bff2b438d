/** Types of a domain. All are subtypes of `object`, even if they are not declared so. */
export class TypeTable {
  readonly #names: string[] = ["object"];
  readonly #index = new Map<string, number>([["object", 0]]);
  readonly #declared = new Set<string>(["object"]);
  readonly #parents: number[] = [-1];

  /** Number of types, including those that are only mentioned. */
  get length(): number {
    return this.#names.length;
  }

  /** Returns the index of a type that may be undeclared; an undeclared type has no members. */
  mention(name: string): number {
    const known = this.#index.get(name);
    if (known !== undefined) return known;
    const index = this.#names.push(name) - 1;
    this.#index.set(name, index);
    this.#parents.push(-1);
    return index;
  }

  /** Declares a type and its parent. `object` is always the root. */
  declare(name: string, parent: string): void {
    const index = this.mention(name);
    this.#declared.add(name);
    if (index !== 0 && name !== parent) this.#parents[index] = this.mention(parent);
  }

  /** Returns the index of a declared type. */
  findDeclared(name: string): number | undefined {
    return this.#declared.has(name) ? this.#index.get(name) : undefined;
  }

  /** Returns the index of a declared or mentioned type. */
  find(name: string): number | undefined {
    return this.#index.get(name);
  }

  name(index: number): string {
    return this.#names[index]!;
  }

  /**
   * True if the first type is the second or one of its subtypes. -1, the type of undeclared names,
   * is a subtype of no type.
   */
  isKindOf(type: number, ancestor: number): boolean {
    if (ancestor === 0) return type >= 0;
    // Limit the number of steps, because parents may form a cycle.
    for (let steps = 0; type >= 0 && steps <= this.length; steps++) {
      if (type === ancestor) return true;
      type = this.#parents[type]!;
    }
    return false;
  }
}
