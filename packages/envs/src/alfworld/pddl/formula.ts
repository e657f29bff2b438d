import { formatCount } from "@turnwise/core";
import type { Expression, ExpressionList, PddlReader } from "./reader.ts";
import type { TypeTable } from "./type-table.ts";

/**
 * Argument of an atom: if `>= 0`, the slot of a variable; otherwise `~index`, where `index` refers
 * to the formula's list of constant names.
 */
export type Term = number;

/** Atom or negated atom. */
export interface AtomFormula {
  readonly kind: "atom";
  readonly predicate: number;
  readonly terms: readonly Term[];
  readonly isNegated: boolean;
}

/** Equality of two terms, or its negation. */
export interface EqualFormula {
  readonly kind: "equal";
  readonly left: Term;
  readonly right: Term;
  readonly isNegated: boolean;
}

/** Condition in negation normal form. An empty `and` is true. */
export type Formula =
  | AtomFormula
  | EqualFormula
  | { readonly kind: "and" | "or"; readonly parts: readonly Formula[] }
  | {
      readonly kind: "exists" | "forall";
      readonly slots: readonly number[];
      readonly body: Formula;
    };

/** Formula that always holds. */
export const trueFormula: Formula = { kind: "and", parts: [] };

/** Negates a formula. */
export function negate(formula: Formula): Formula {
  switch (formula.kind) {
    case "atom":
    case "equal":
      return { ...formula, isNegated: !formula.isNegated };
    case "and":
    case "or":
      return {
        kind: formula.kind === "and" ? "or" : "and",
        parts: formula.parts.map((part) => negate(part)),
      };
    default:
      return {
        kind: formula.kind === "exists" ? "forall" : "exists",
        slots: formula.slots,
        body: negate(formula.body),
      };
  }
}

/** Declared predicate. */
export interface Predicate {
  readonly index: number;
  readonly name: string;
  readonly arity: number;
}

/** Types and predicates that formulas may use. */
export interface Vocabulary {
  readonly types: TypeTable;
  readonly predicates: ReadonlyMap<string, Predicate>;
}

/**
 * Parses formulas that share a list of names and, for one action or goal, the slots of variables.
 * Every variable has its own slot, even if it shadows another variable.
 */
export class FormulaParser {
  /** Names of constants in the order in which they first occur. */
  readonly names: string[];
  /** Type of the variable in each slot. */
  readonly slotTypes: number[] = [];
  readonly #reader: PddlReader;
  readonly #vocabulary: Vocabulary;
  readonly #nameIndex: Map<string, number>;
  readonly #scope = new Map<string, number[]>();

  constructor(
    reader: PddlReader,
    vocabulary: Vocabulary,
    constants: { names: string[]; index: Map<string, number> } = { names: [], index: new Map() },
  ) {
    this.#reader = reader;
    this.#vocabulary = vocabulary;
    this.names = constants.names;
    this.#nameIndex = constants.index;
  }

  /** Declares variables (`?x ?y - type`) until {@link leave}, and assigns slots to them. */
  enter(list: ExpressionList): { names: string[]; slots: number[] } {
    const names: string[] = [];
    const slots: number[] = [];
    for (const [name, type] of parseTypedList(this.#reader, list, "object")) {
      if (!name.startsWith("?")) this.#reader.fail("a variable must begin with ?", name);
      const slot = this.slotTypes.push(this.#vocabulary.types.mention(type)) - 1;
      const hidden = this.#scope.get(name);
      if (hidden) hidden.push(slot);
      else this.#scope.set(name, [slot]);
      names.push(name);
      slots.push(slot);
    }
    return { names, slots };
  }

  /** Ends the scope of variables declared by {@link enter}. */
  leave(names: readonly string[]): void {
    for (const name of names) this.#scope.get(name)!.pop();
  }

  /** Parses a condition; an empty list is true. */
  condition(expression: Expression): Formula {
    const reader = this.#reader;
    if (typeof expression === "string")
      return reader.fail("a condition must be a list", expression);
    const [head, ...rest] = expression.items;
    if (head === undefined) return trueFormula;
    switch (head) {
      case "and":
      case "or":
        return { kind: head, parts: rest.map((part) => this.condition(part)) };
      case "not":
        this.#count(head, expression, 1);
        return negate(this.condition(rest[0]!));
      case "imply":
        this.#count(head, expression, 2);
        return {
          kind: "or",
          parts: [negate(this.condition(rest[0]!)), this.condition(rest[1]!)],
        };
      case "exists":
      case "forall": {
        this.#count(head, expression, 2);
        const { names, slots } = this.enter(
          requireList(reader, rest[0]!, `the variables of ${head}`),
        );
        const body = this.condition(rest[1]!);
        this.leave(names);
        return { kind: head, slots, body };
      }
      case "=":
        this.#count(head, expression, 2);
        return {
          kind: "equal",
          left: this.#term(rest[0]!, expression),
          right: this.#term(rest[1]!, expression),
          isNegated: false,
        };
      default:
        return this.atom(expression);
    }
  }

  /** Parses an atom. */
  atom(expression: ExpressionList): AtomFormula {
    const [head, ...rest] = expression.items;
    const predicate = typeof head === "string" && this.#vocabulary.predicates.get(head);
    if (!predicate) {
      return this.#reader.fail(
        "an atom must begin with a declared predicate",
        head ?? expression,
        expression.offset,
      );
    }
    if (rest.length !== predicate.arity) {
      this.#reader.fail(
        `${predicate.name} must have ${formatCount(predicate.arity, "argument")}`,
        expression,
        expression.offset,
      );
    }
    const terms = rest.map((term) => this.#term(term, expression));
    return { kind: "atom", predicate: predicate.index, terms, isNegated: false };
  }

  #term(expression: Expression, within: ExpressionList): Term {
    if (typeof expression !== "string") {
      return this.#reader.fail("an argument must be a word", expression, within.offset);
    }
    if (expression.startsWith("?")) {
      return (
        this.#scope.get(expression)?.at(-1) ??
        this.#reader.fail(
          "a variable must be a parameter or belong to a quantifier",
          expression,
          within.offset,
        )
      );
    }
    let index = this.#nameIndex.get(expression);
    if (index === undefined) {
      index = this.names.push(expression) - 1;
      this.#nameIndex.set(expression, index);
    }
    return ~index;
  }

  #count(head: string, expression: ExpressionList, numArguments: number): void {
    if (expression.items.length === numArguments + 1) return;
    this.#reader.fail(
      `${head} must have ${formatCount(numArguments, "argument")}`,
      expression,
      expression.offset,
    );
  }
}

/** Checks that an expression is a list. */
export function requireList(
  reader: PddlReader,
  expression: Expression,
  what: string,
): ExpressionList {
  return typeof expression === "string"
    ? reader.fail(`${what} must be a list`, expression)
    : expression;
}

/**
 * Parses `a b - type c` into pairs of a word and its type. As in TextWorld, any word after the
 * hyphen is a type: `location,` with a comma is a different type, without members.
 */
export function parseTypedList(
  reader: PddlReader,
  list: ExpressionList,
  defaultType: string,
  from = 0,
): [name: string, type: string][] {
  const pairs: [string, string][] = [];
  let first = 0;
  const { items } = list;
  for (let at = from; at < items.length; at++) {
    const item = items[at]!;
    if (typeof item !== "string") reader.fail("a typed list must contain words", item, list.offset);
    if (item !== "-") {
      pairs.push([item, defaultType]);
      continue;
    }
    const type = items[++at];
    if (typeof type !== "string") {
      return reader.fail("a type must be a word", type ?? list, list.offset);
    }
    for (; first < pairs.length; first++) pairs[first]![1] = type;
  }
  return pairs;
}
