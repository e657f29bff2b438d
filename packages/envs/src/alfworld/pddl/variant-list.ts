import { compareCodePoints } from "../text/code-point-order.ts";
import { holdsIn } from "./ground-formula.ts";
import { type Variant, compareVariants, isApplicable } from "./ground-operator.ts";

// Buffer for results, which are copied once their number is known.
const found: string[] = [];

/**
 * Sorted list of the variants that watch a given fact, or no fact. Finding the applicable variants
 * is the inner loop of the engine, so it uses flat lists of numbers.
 */
export class VariantList {
  readonly #own: Variant[] = [];
  readonly #others: VariantList | undefined;
  /** All variants with their commands, sorted. */
  #variants: Variant[] = [];
  #commands: string[] = [];
  /** Numbers of the commands. */
  #ids: Int32Array = new Int32Array(0);
  /**
   * For each variant, the number of its literals (or `~number` if it has another condition),
   * followed by the literals.
   */
  #tests: Int32Array = new Int32Array(0);

  #numOwn = 0;
  #numOthers = 0;

  /** @param others - List whose variants are always included in results. */
  constructor(others?: VariantList) {
    this.#others = others;
  }

  /** Variants added to this list itself, unsorted. */
  get own(): readonly Variant[] {
    return this.#own;
  }

  /** True if the list includes another list. */
  get hasOthers(): boolean {
    return this.#others !== undefined;
  }

  add(variant: Variant): void {
    this.#own.push(variant);
  }

  /** Lists the applicable commands if the watched fact is true, sorted, without duplicates. */
  commands(bits: readonly number[]): string[] {
    this.#sort();
    const tests = this.#tests;
    const ids = this.#ids;
    let numFound = 0;
    let lastId = -1;
    let next = 0;
    for (let i = 0; i < ids.length; i++) {
      const count = tests[next++]!;
      let at = next;
      next += count < 0 ? ~count : count;
      for (; at < next; at++) {
        const literal = tests[at]!;
        if (((bits[literal >> 6]! >>> ((literal >> 1) & 31)) & 1) === (literal & 1)) break;
      }
      if (at < next || ids[i] === lastId) continue;
      if (count < 0 && !holdsIn(this.#variants[i]!.rest, bits)) continue;
      lastId = ids[i]!;
      found[numFound++] = this.#commands[i]!;
    }
    return found.slice(0, numFound);
  }

  /**
   * Finds the first applicable variant with a command.
   * @param id - Number of the command.
   */
  first(id: number, bits: readonly number[]): Variant | undefined {
    this.#sort();
    for (let at = this.#ids.indexOf(id); at >= 0 && this.#ids[at] === id; at++) {
      const variant = this.#variants[at]!;
      if (isApplicable(variant, bits)) return variant;
    }
    return undefined;
  }

  /** Lists all applicable variants, sorted. */
  variants(bits: readonly number[]): Variant[] {
    this.#sort();
    return this.#variants.filter((variant) => isApplicable(variant, bits));
  }

  #sort(): void {
    const others = this.#others?.own ?? [];
    if (this.#numOwn === this.#own.length && this.#numOthers === others.length) return;
    // Put the sorted variants first, so that sorting costs little more than a scan.
    const variants = [
      ...this.#variants,
      ...this.#own.slice(this.#numOwn),
      ...others.slice(this.#numOthers),
    ];
    variants.sort(compareVariants);
    this.#numOwn = this.#own.length;
    this.#numOthers = others.length;
    const tests: number[] = [];
    for (const { literals, rest } of variants) {
      tests.push(rest === true ? literals.length : ~literals.length);
      for (let i = 0; i < literals.length; i++) tests.push(literals[i]!);
    }
    this.#variants = variants;
    this.#commands = variants.map(({ command }) => command);
    this.#ids = new Int32Array(variants.map(({ commandId }) => commandId));
    this.#tests = new Int32Array(tests);
  }
}

/** Merges a sorted list of commands into another, without duplicates. */
export function mergeCommands(into: string[], more: string[]): string[] {
  // Merge the shorter list into the longer one; one of them is nearly always much shorter.
  if (into.length < more.length) return mergeCommands(more, into);
  for (const command of more) {
    let low = 0;
    let high = into.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareCodePoints(into[middle]!, command) < 0) low = middle + 1;
      else high = middle;
    }
    if (into[low] !== command) into.splice(low, 0, command);
  }
  return into;
}
