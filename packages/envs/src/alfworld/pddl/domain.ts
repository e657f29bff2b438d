import { formatCount } from "@turnwise/core";
import { type Case, splitIntoCases } from "./cases.ts";
import {
  type Formula,
  FormulaParser,
  type Predicate,
  type Term,
  type Vocabulary,
  requireList,
  trueFormula,
  parseTypedList,
} from "./formula.ts";
import { type Expression, type ExpressionList, PddlReader } from "./reader.ts";
import { TypeTable } from "./type-table.ts";

/** Effect of an action: adds or deletes an atom if its condition holds. */
export interface Effect {
  /**
   * Slots of the variables of an enclosing `forall`; the effect applies for every binding of them.
   */
  readonly slots: readonly number[];
  /** Condition of the effect; `undefined` if it is unconditional. */
  readonly condition: Formula | undefined;
  readonly predicate: number;
  readonly terms: readonly Term[];
  readonly isDelete: boolean;
}

/** Action with unbound parameters, which have the slots from 0 on. */
export interface Action {
  /** Index of the action among the domain's actions sorted by name. */
  readonly index: number;
  readonly name: string;
  /** Names (without `?`) and types of the parameters. */
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
  /** Types of the variables in all slots: first parameters, then variables of quantifiers. */
  readonly slotTypes: readonly number[];
  readonly cases: readonly Case[];
  readonly effects: readonly Effect[];
}

/** Parsed planning domain, which can be used for several problems. */
export interface Domain extends Vocabulary {
  /** Predicates by index. */
  readonly predicateList: readonly Predicate[];
  /** True if some action changes the predicate, by predicate index. */
  readonly isChangeable: readonly boolean[];
  /** True if a precondition or the condition of an effect reads the predicate. */
  readonly isRead: readonly boolean[];
  /** Objects of the domain, with their types. */
  readonly constants: readonly (readonly [name: string, type: number])[];
  /** Names that the actions mention; constants are indices into this list. */
  readonly names: readonly string[];
  readonly actions: readonly Action[];
}

/**
 * Parses a domain: `:types`, `:constants`, `:predicates` and `:action`. `:requirements` and
 * `:functions` (which declares costs) are skipped.
 * @param source - Name of the domain, for messages.
 * @throws `GameFileError` with the line for any other section.
 */
export function parseDomain(text: string, source: string): Domain {
  const reader = new PddlReader(text, source);
  reader.expect("(", "the domain");
  const definition = reader.list();
  reader.finish();
  if (definition.items[0] !== "define") {
    reader.fail("the domain must begin with (define", definition, definition.offset);
  }

  const types = new TypeTable();
  const predicates = new Map<string, Predicate>();
  const constants: [string, number][] = [];
  const names = { names: [] as string[], index: new Map<string, number>() };
  const actions: Action[] = [];
  const sections = definition.items
    .slice(1)
    .map((section) => requireList(reader, section, "a section of the domain"));
  // Process declarations first, because actions may precede them in the file.
  const inOrder = (kinds: readonly unknown[]): ExpressionList[] =>
    sections.filter((section) => kinds.includes(section.items[0]));

  for (const section of inOrder([":types"])) {
    for (const [name, parent] of parseTypedList(reader, section, "object", 1)) {
      types.declare(name, parent);
    }
  }
  for (const section of inOrder([":constants"])) {
    for (const [name, type] of parseTypedList(reader, section, "object", 1)) {
      const index = types.findDeclared(type) ?? reader.fail("a type must be declared", type);
      constants.push([name, index]);
    }
  }
  for (const section of inOrder([":predicates"])) {
    for (const declaration of section.items.slice(1)) {
      const [name, ...rest] = requireList(reader, declaration, "a predicate").items;
      if (typeof name !== "string") {
        return reader.fail("a predicate must have a name", declaration, section.offset);
      }
      const list = { offset: section.offset, items: rest };
      const arity = parseTypedList(reader, list, "object").length;
      if (predicates.has(name)) reader.fail("predicates must be declared once", name);
      predicates.set(name, { index: predicates.size, name, arity });
    }
  }
  const vocabulary = { types, predicates };
  const seen = new Set<string>();
  for (const section of inOrder([":action"])) {
    const action = parseAction(section, reader, new FormulaParser(reader, vocabulary, names));
    if (seen.has(action.name)) {
      reader.fail("actions must be defined once", action.name, section.offset);
    }
    seen.add(action.name);
    actions.push(action);
  }
  const known = [
    "domain",
    ":requirements",
    ":types",
    ":constants",
    ":predicates",
    ":functions",
    ":action",
  ];
  for (const section of sections) {
    const [head] = section.items;
    if (typeof head !== "string" || !known.includes(head)) {
      reader.fail(`a section must be one of ${known.join(" ")}`, section, section.offset);
    }
  }

  const isChangeable = Array.from(predicates, () => false);
  const isRead = Array.from(predicates, () => false);
  for (const { effects, cases } of actions) {
    for (const { predicate, condition } of effects) {
      isChangeable[predicate] = true;
      if (condition) markPredicates(condition, isRead);
    }
    for (const { literals, rest } of cases) {
      for (const formula of [...literals, ...rest]) markPredicates(formula, isRead);
    }
  }
  actions.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    types,
    predicates,
    predicateList: [...predicates.values()],
    isChangeable,
    isRead,
    constants,
    names: names.names,
    actions: actions.map((action, index) => ({ ...action, index })),
  };
}

/** Marks the predicates that a formula reads. */
export function markPredicates(formula: Formula, marks: boolean[]): void {
  switch (formula.kind) {
    case "atom":
      marks[formula.predicate] = true;
      break;
    case "and":
    case "or":
      for (const part of formula.parts) markPredicates(part, marks);
      break;
    case "exists":
    case "forall":
      markPredicates(formula.body, marks);
      break;
    default:
  }
}

function parseAction(section: ExpressionList, reader: PddlReader, formulas: FormulaParser): Action {
  const [, name, ...rest] = section.items;
  if (typeof name !== "string") {
    return reader.fail("an action must have a name", section, section.offset);
  }
  const parts = new Map<string, ExpressionList>();
  for (let i = 0; i < rest.length; i += 2) {
    const key = rest[i]!;
    if (key !== ":parameters" && key !== ":precondition" && key !== ":effect") {
      return reader.fail(
        `action ${name} must have :parameters, :precondition and :effect`,
        key,
        section.offset,
      );
    }
    const value = rest[i + 1];
    if (parts.has(key) || value === undefined || typeof value === "string") {
      return reader.fail(
        `${key} of action ${name} must be followed by one list`,
        value ?? section,
        section.offset,
      );
    }
    parts.set(key, value);
  }
  const parameterList = parts.get(":parameters");
  const parameters = formulas.enter(parameterList ?? { offset: section.offset, items: [] });
  const precondition = parts.get(":precondition");
  const cases = splitIntoCases(precondition ? formulas.condition(precondition) : trueFormula);
  const effects: Effect[] = [];
  const effect = parts.get(":effect");
  if (effect) parseEffects(effect, [], undefined, effects, reader, formulas);
  return {
    index: 0,
    name,
    parameters: parameters.names.map((parameter, slot) => ({
      name: parameter.slice(1),
      type: formulas.slotTypes[slot]!,
    })),
    slotTypes: formulas.slotTypes,
    cases,
    effects,
  };
}

function parseEffects(
  expression: Expression,
  slots: readonly number[],
  condition: Formula | undefined,
  effects: Effect[],
  reader: PddlReader,
  formulas: FormulaParser,
): void {
  const list = requireList(reader, expression, "an effect");
  const [head, ...rest] = list.items;
  const count = (name: string, expected: number): void => {
    if (rest.length !== expected) {
      reader.fail(`${name} must have ${formatCount(expected, "argument")}`, list, list.offset);
    }
  };
  switch (head) {
    case undefined:
      return;
    case "and":
      for (const part of rest) parseEffects(part, slots, condition, effects, reader, formulas);
      return;
    case "when": {
      count(head, 2);
      const inner = formulas.condition(rest[0]!);
      const all: Formula = condition ? { kind: "and", parts: [condition, inner] } : inner;
      parseEffects(rest[1]!, slots, all, effects, reader, formulas);
      return;
    }
    case "forall": {
      count(head, 2);
      const variables = formulas.enter(requireList(reader, rest[0]!, "the variables of forall"));
      const all = [...slots, ...variables.slots];
      parseEffects(rest[1]!, all, condition, effects, reader, formulas);
      formulas.leave(variables.names);
      return;
    }
    case "increase": // a change of costs, which is ignored
      return;
    default: {
      const isDelete = head === "not";
      if (isDelete) count(head, 1);
      const inner = isDelete
        ? requireList(reader, rest[0]!, "the operand of an effect (not ...)")
        : list;
      const { predicate, terms } = formulas.atom(inner);
      effects.push({ slots, condition, predicate, terms, isDelete });
    }
  }
}
