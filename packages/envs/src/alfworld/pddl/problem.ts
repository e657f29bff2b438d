import { formatCount } from "@turnwise/core";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { Domain } from "./domain.ts";
import { FactTable } from "./facts.ts";
import { type Formula, FormulaParser } from "./formula.ts";
import { PddlReader } from "./reader.ts";

/** Planning problem of a domain. Objects are numbered in the order of their sorted ids. */
export interface Problem {
  /** Id of each object, sorted by code point. */
  readonly ids: readonly string[];
  readonly objectOf: ReadonlyMap<string, number>;
  /** Type of each object; -1 for names that occur only in formulas. */
  readonly typeOf: readonly number[];
  /** Object of each name that the domain's actions mention. */
  readonly domainObjects: readonly number[];
  /** Initial facts. */
  readonly facts: FactTable;
  readonly goal: Formula;
  /** Types of the goal's variables, by slot. */
  readonly goalSlotTypes: readonly number[];
  /** Object of each name in the goal; negative for names that occur nowhere else. */
  readonly goalObjects: readonly number[];
}

/**
 * Parses a problem: `:objects`, `:init` and `:goal`, in this order; `:domain`, `:requirements` and
 * `:metric` are skipped. Facts may be repeated.
 * @param source - Name of the problem, for messages.
 * @throws `GameFileError` with the line for any other section.
 */
export function parseProblem(text: string, domain: Domain, source: string): Problem {
  const reader = new PddlReader(text, source);
  reader.expect("(", "the problem");
  reader.expect("define", "the problem");

  const types = new Map<string, number>(domain.constants);
  let ids: string[] | undefined;
  const objectOf = new Map<string, number>();
  let facts: FactTable | undefined;
  let goal: Pick<Problem, "goal" | "goalSlotTypes" | "goalObjects"> | undefined;

  /** Assigns numbers to the objects; afterwards no object can be declared. */
  const number = (): void => {
    const names = new Set(types.keys());
    for (const name of domain.names) names.add(name);
    ids = [...names];
    // Use the default order if all ids are in the basic plane, where it is the same and much
    // faster.
    if (ids.some((id) => /[\ud800-\udfff]/.test(id))) ids.sort(compareCodePoints);
    else ids.sort();
    for (let object = 0; object < ids.length; object++) objectOf.set(ids[object]!, object);
  };

  for (let token = reader.next(); token !== ")"; token = reader.next()) {
    if (token !== "(") reader.fail("a section of the problem must be a list", token);
    const begin = reader.offset;
    const head = reader.next();
    switch (head) {
      case "problem":
      case ":domain":
      case ":requirements":
      case ":metric":
        reader.list();
        break;
      case ":objects":
        if (ids) reader.fail(":objects must occur once, before :init", head, begin);
        readObjects(reader, domain, types);
        number();
        break;
      case ":init":
        if (!ids) number();
        if (facts) reader.fail(":init must occur once", head, begin);
        facts = readFacts(reader, domain, objectOf);
        break;
      case ":goal": {
        if (goal) reader.fail(":goal must occur once", head, begin);
        if (!ids) number();
        const { items } = reader.list();
        if (items.length !== 1) reader.fail(":goal must have one condition", head, begin);
        const formulas = new FormulaParser(reader, domain);
        goal = {
          goal: formulas.condition(items[0]!),
          goalSlotTypes: formulas.slotTypes,
          goalObjects: formulas.names.map((name, index) => objectOf.get(name) ?? ~index),
        };
        break;
      }
      default:
        reader.fail(
          "a section of the problem must be :domain, :objects, :init or :goal",
          head,
          begin,
        );
    }
  }
  reader.finish();
  if (!facts || !ids) return reader.fail("the problem must have :init", undefined);
  if (!goal) return reader.fail("the problem must have :goal", undefined);
  return {
    ids,
    objectOf,
    typeOf: ids.map((id) => types.get(id) ?? -1),
    domainObjects: domain.names.map((name) => objectOf.get(name)!),
    facts,
    ...goal,
  };
}

/** Parses `a b - type c - type)`. */
function readObjects(reader: PddlReader, domain: Domain, types: Map<string, number>): void {
  const untyped: string[] = [];
  for (let token = reader.next(); token !== ")"; token = reader.next()) {
    if (token === undefined || token === "(") reader.fail("an object must be a word", token);
    if (token !== "-") {
      if (types.has(token)) reader.fail("objects must be declared once", token);
      types.set(token, 0);
      untyped.push(token);
      continue;
    }
    const name = reader.next();
    const type = name === undefined ? undefined : domain.types.findDeclared(name);
    if (type === undefined) return reader.fail("the type of objects must be declared", name);
    for (const id of untyped) types.set(id, type);
    untyped.length = 0;
  }
}

/** Parses `(predicate a b) (predicate c))`. */
function readFacts(
  reader: PddlReader,
  domain: Domain,
  objectOf: ReadonlyMap<string, number>,
): FactTable {
  const facts = new FactTable(domain.predicateList, domain.isChangeable, objectOf.size);
  for (let token = reader.next(); token !== ")"; token = reader.next()) {
    if (token !== "(") reader.fail("an initial fact must be a list", token);
    const begin = reader.offset;
    const head = reader.next();
    if (head === "=" || head === "not") {
      // Skip costs, and facts that are stated to be false.
      reader.list();
      continue;
    }
    const predicate = head === undefined ? undefined : domain.predicates.get(head);
    if (!predicate) {
      return reader.fail("an initial fact must begin with a declared predicate", head, begin);
    }
    const ids: number[] = [];
    for (let word = reader.next(); word !== ")"; word = reader.next()) {
      const object = word === undefined ? undefined : objectOf.get(word);
      if (object === undefined) {
        return reader.fail(`an argument of ${predicate.name} must be a declared object`, word);
      }
      ids.push(object);
    }
    if (ids.length !== predicate.arity) {
      reader.fail(
        `${predicate.name} must have ${formatCount(predicate.arity, "argument")}`,
        `${ids.length} of them`,
        begin,
      );
    }
    facts.addInitial(predicate.index, ids);
  }
  return facts;
}
