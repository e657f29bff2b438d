import { compareCodePoints } from "../text/code-point-order.ts";
import { holdsIn } from "./ground-formula.ts";
import { type Variant, compareVariants } from "./ground-operator.ts";

/** What can be done in a state. */
export interface Choices {
  /** Sorted by code point, each once. */
  readonly commands: string[];
  /** For each command the first variant that can be carried out. */
  readonly firsts: Variant[];
  /** Whether there are more variants than commands. */
  hasMore: boolean;
}

/**
 * The variants that watch one fact, or none, sorted. Finding those that can be carried out is the
 * inner loop of the engine: what it reads lies in flat lists.
 */
export class VariantList {
  readonly #variants: Variant[] = [];
  readonly #commands: string[] = [];
  /** For each variant the number of its literals, or, if it has a rest, `~number`; then these. */
  readonly #tests: number[] = [];
  #isSorted = true;

  add(variant: Variant): void {
    this.#variants.push(variant);
    this.#isSorted = false;
  }

  /** What can be done if the watched fact is true. */
  choices(bits: readonly number[]): Choices {
    const commands: string[] = [];
    const firsts: Variant[] = [];
    let hasMore = false;
    this.#forEachApplicable(bits, (at) => {
      const command = this.#commands[at]!;
      if (command === commands[commands.length - 1]) {
        hasMore = true;
      } else {
        commands.push(command);
        firsts.push(this.#variants[at]!);
      }
    });
    return { commands, firsts, hasMore };
  }

  /** All variants that can be carried out if the watched fact is true. */
  variants(bits: readonly number[]): Variant[] {
    const found: Variant[] = [];
    this.#forEachApplicable(bits, (at) => found.push(this.#variants[at]!));
    return found;
  }

  #forEachApplicable(bits: readonly number[], visit: (at: number) => void): void {
    if (!this.#isSorted) this.#sort();
    const tests = this.#tests;
    const { length } = this.#variants;
    let next = 0;
    for (let i = 0; i < length; i++) {
      const count = tests[next++]!;
      let at = next;
      next += count < 0 ? ~count : count;
      for (; at < next; at++) {
        const literal = tests[at]!;
        if (((bits[literal >> 6]! >>> ((literal >> 1) & 31)) & 1) === (literal & 1)) break;
      }
      if (at < next) continue;
      if (count >= 0 || holdsIn(this.#variants[i]!.rest, bits)) visit(i);
    }
  }

  #sort(): void {
    this.#variants.sort(compareVariants);
    this.#commands.length = 0;
    this.#tests.length = 0;
    for (const { command, literals, rest } of this.#variants) {
      this.#commands.push(command);
      this.#tests.push(rest === true ? literals.length : ~literals.length);
      for (let i = 0; i < literals.length; i++) this.#tests.push(literals[i]!);
    }
    this.#isSorted = true;
  }
}

/** Adds what can be done for another reason. */
export function mergeChoices(into: Choices, more: Choices): Choices {
  // One of the two is nearly always much shorter.
  if (into.commands.length < more.commands.length) return mergeChoices(more, into);
  const { commands, firsts } = into;
  more.commands.forEach((command, i) => {
    const variant = more.firsts[i]!;
    const at = findCommand(commands, command);
    if (commands[at] !== command) {
      commands.splice(at, 0, command);
      firsts.splice(at, 0, variant);
    } else {
      into.hasMore = true;
      if (compareVariants(variant, firsts[at]!) < 0) firsts[at] = variant;
    }
  });
  into.hasMore ||= more.hasMore;
  return into;
}

/** Where a command is, or would be, in a sorted list. */
export function findCommand(commands: readonly string[], command: string): number {
  let low = 0;
  let high = commands.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareCodePoints(commands[middle]!, command) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
