import { holdsIn } from "./ground-formula.ts";
import { type Variant, compareVariants } from "./ground-operator.ts";

/** What can be done in a state. */
export interface Choices {
  /** Sorted by code point, each once. */
  readonly commands: readonly string[];
  /** For each command its number in the game. */
  readonly commandIds: readonly number[];
  /** For each command the first variant that can be carried out. */
  readonly firsts: readonly Variant[];
  /** Whether there are more variants than commands. */
  readonly hasMore: boolean;
}

// What is found is collected here and copied once its size is known.
const foundCommands: string[] = [];
const foundIds: number[] = [];
const foundFirsts: Variant[] = [];

/**
 * The variants that watch one fact, or none, sorted. Finding those that can be carried out is the
 * inner loop of the engine: it goes through flat lists of numbers and looks at nothing else.
 */
export class VariantList {
  readonly #own: Variant[] = [];
  readonly #others: VariantList | undefined;
  /** All variants, sorted, with their commands. */
  #variants: Variant[] = [];
  readonly #commands: string[] = [];
  readonly #commandIds: number[] = [];
  /** For each variant the number of its literals, or, if it has a rest, `~number`; then these. */
  readonly #tests: number[] = [];
  #numSorted = 0;

  /** @param others - Variants that are always to be listed with those of this list. */
  constructor(others?: VariantList) {
    this.#others = others;
  }

  /** The variants that were added, in no certain order. */
  get own(): readonly Variant[] {
    return this.#own;
  }

  /** Whether another list's variants are listed too. */
  get hasOthers(): boolean {
    return this.#others !== undefined;
  }

  add(variant: Variant): void {
    this.#own.push(variant);
  }

  /** What can be done if the watched fact is true. */
  choices(bits: readonly number[]): Choices {
    this.#sort();
    const tests = this.#tests;
    const commandIds = this.#commandIds;
    const { length } = commandIds;
    let numFound = 0;
    let lastId = -1;
    let hasMore = false;
    let next = 0;
    for (let i = 0; i < length; i++) {
      const count = tests[next++]!;
      let at = next;
      next += count < 0 ? ~count : count;
      for (; at < next; at++) {
        const literal = tests[at]!;
        if (((bits[literal >> 6]! >>> ((literal >> 1) & 31)) & 1) === (literal & 1)) break;
      }
      if (at < next || (count < 0 && !holdsIn(this.#variants[i]!.rest, bits))) continue;
      const id = commandIds[i]!;
      if (id === lastId) {
        hasMore = true;
        continue;
      }
      lastId = id;
      foundIds[numFound] = id;
      foundCommands[numFound] = this.#commands[i]!;
      foundFirsts[numFound] = this.#variants[i]!;
      numFound++;
    }
    return {
      commands: foundCommands.slice(0, numFound),
      commandIds: foundIds.slice(0, numFound),
      firsts: foundFirsts.slice(0, numFound),
      hasMore,
    };
  }

  #sort(): void {
    const others = this.#others?.own;
    const numVariants = this.#own.length + (others?.length ?? 0);
    if (this.#numSorted === numVariants) return;
    this.#variants = others ? [...this.#own, ...others] : [...this.#own];
    this.#variants.sort(compareVariants);
    this.#commands.length = 0;
    this.#commandIds.length = 0;
    this.#tests.length = 0;
    for (const { command, commandId, literals, rest } of this.#variants) {
      this.#commands.push(command);
      this.#commandIds.push(commandId);
      this.#tests.push(rest === true ? literals.length : ~literals.length);
      for (let i = 0; i < literals.length; i++) this.#tests.push(literals[i]!);
    }
    this.#numSorted = numVariants;
  }
}

/** Nothing to do. */
export const noChoices: Choices = { commands: [], commandIds: [], firsts: [], hasMore: false };

/** What can be done for one reason or for another. */
export function mergeChoices(a: Choices, b: Choices): Choices {
  if (a.firsts.length === 0) return b;
  const commands: string[] = [];
  const commandIds: number[] = [];
  const firsts: Variant[] = [];
  let hasMore = a.hasMore || b.hasMore;
  let i = 0;
  let j = 0;
  while (i < a.firsts.length || j < b.firsts.length) {
    const [left, right] = [a.firsts[i], b.firsts[j]];
    const order = !left ? 1 : !right ? -1 : compareVariants(left, right);
    const first = order <= 0 ? left! : right!;
    if (left && right && left.commandId === right.commandId) {
      hasMore = true;
      i++;
      j++;
    } else if (order <= 0) {
      i++;
    } else {
      j++;
    }
    commands.push(first.command);
    commandIds.push(first.commandId);
    firsts.push(first);
  }
  return { commands, commandIds, firsts, hasMore };
}
