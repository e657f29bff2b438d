import { compareCodePoints } from "../text/code-point-order.ts";
import type { Case } from "./cases.ts";
import type { Action, Domain } from "./domain.ts";
import type { Fact, FactTable } from "./facts.ts";
import type { AtomFormula } from "./formula.ts";
import {
  type GroundEffects,
  groundEffects,
  groundLiterals,
  hasNoEffect,
  listObjects,
} from "./ground-effects.ts";
import { combine, groundFormula } from "./ground-formula.ts";
import {
  GroundOperator,
  type OperatorOwner,
  type Variant,
  compareVariants,
  isApplicable,
} from "./ground-operator.ts";
import type { Grounding } from "./grounding.ts";
import type { JoinPlan } from "./join-plan.ts";
import { VariantList, mergeCommands } from "./variant-list.ts";

const none: readonly number[] = [];

/** Generator of command texts. */
export interface CommandTexts {
  /** Command text of an action. */
  command(action: Action, objects: readonly number[]): string;
  /** Slots of the parameters on which the text depends. */
  slotsOf(action: Action): readonly number[];
}

/**
 * Operators of one game. An operator is created when each fact that it needs has been true in some
 * reached world. So all operators that are applicable in a reached world exist, and operators that
 * can never become applicable are not created.
 */
export class OperatorTable implements OperatorOwner {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  readonly #grounding: Grounding;
  readonly #ids: readonly string[];
  readonly #texts: CommandTexts;
  readonly #plansOf: ReadonlyMap<number, readonly JoinPlan[]>;
  /** True if preconditions, conditions or the goal read the predicate. */
  readonly #isRead: readonly boolean[];
  /** True if at most one fact of the predicate can hold at a time. */
  readonly #isSingle: readonly boolean[];
  /** True for each action whose effects change facts that preconditions or the goal read. */
  readonly #isEffective: readonly boolean[];
  /** Operators by action and objects. */
  readonly #operators: readonly Map<number | string, GroundOperator>[];
  /** Number of each command, by action and the objects in its text. */
  readonly #commands: readonly Map<number | string, number>[];
  readonly #commandTexts: string[] = [];
  readonly #commandIds = new Map<string, number>();
  /** Variants without a watched fact. */
  readonly #always = new VariantList();
  #homePredicate: number | undefined;
  /** All other variants, by watched fact. */
  readonly #lists: (VariantList | undefined)[] = [];
  /** True for each predicate whose facts are watched. */
  readonly #isWatched: readonly boolean[];
  #mask: number[] = [];
  #numMasked = 0;

  constructor(
    grounding: Grounding,
    { actions }: Domain,
    plans: ReadonlyMap<number, readonly JoinPlan[]>,
    ids: readonly string[],
    isRead: readonly boolean[],
    isSingle: readonly boolean[],
    texts: CommandTexts,
  ) {
    this.#grounding = grounding;
    this.#ids = ids;
    this.#texts = texts;
    this.#commands = actions.map(() => new Map());
    this.#plansOf = plans;
    this.#isRead = isRead;
    this.#isSingle = isSingle;
    this.#isEffective = actions.map(({ effects }) =>
      effects.some(({ predicate }) => isRead[predicate]),
    );
    this.#operators = actions.map(() => new Map());
    this.facts = grounding.facts;
    this.isChangeable = grounding.isChangeable;
    const isWatched = isRead.map(() => false);
    for (const { condition } of [...plans.values()].flat()) {
      const literal = this.#chooseWatched(condition);
      if (literal) isWatched[literal.predicate] = true;
    }
    this.#isWatched = isWatched;
    for (const plan of plans.get(-1) ?? []) this.#carryOut(plan, undefined);
    for (let id = 0; id < this.facts.numInitial; id++) this.reach(id);
  }

  /** Creates the operators that a fact enables when it becomes true for the first time. */
  reach(id: number): void {
    const fact = this.facts.changeable[id]!;
    if (fact.isReached) return;
    fact.isReached = true;
    const plans = this.#plansOf.get(fact.predicate);
    if (plans) for (const plan of plans) this.#carryOut(plan, fact);
  }

  /** True if variants are listed under a fact. */
  isWatched(id: number): boolean {
    return this.#isWatched[this.facts.changeable[id]!.predicate]!;
  }

  /**
   * Lists the applicable commands in a state, sorted by code point, without duplicates.
   * @param watched - Watched facts that are true, see {@link isWatched}.
   */
  commands(bits: readonly number[], watched: readonly number[]): string[] {
    let all: string[] | undefined;
    for (const list of this.#active(watched)) {
      const commands = list.commands(bits);
      all = all ? mergeCommands(all, commands) : commands;
    }
    return all ?? [];
  }

  /** Finds the variant that performs a command in a state; `undefined` if it is not applicable. */
  variantFor(
    command: string,
    bits: readonly number[],
    watched: readonly number[],
  ): Variant | undefined {
    const id = this.#commandIds.get(command);
    if (id === undefined) return undefined;
    let first: Variant | undefined;
    for (const list of this.#active(watched)) {
      const variant = list.first(id, bits);
      if (variant && (!first || compareVariants(variant, first) < 0)) first = variant;
    }
    return first;
  }

  /**
   * Lists all applicable operators, in the order of {@link compareVariants}, without duplicates.
   */
  operators(bits: readonly number[], watched: readonly number[]): GroundOperator[] {
    const lists = this.#active(watched);
    const variants = lists.flatMap((list) => list.variants(bits));
    if (lists.length > 1) variants.sort(compareVariants);
    const operators: GroundOperator[] = [];
    let last: GroundOperator | undefined;
    for (const variant of variants) {
      const operator = this.operatorOf(variant);
      if (operator !== last) operators.push((last = operator));
    }
    return operators;
  }

  /** Computes {@link commands} by testing every variant. */
  commandsByScan(bits: readonly number[]): string[] {
    const commands = new Set<string>();
    for (const list of [this.#always, ...this.#lists]) {
      for (const variant of list?.own ?? []) {
        if (isApplicable(variant, bits)) commands.add(variant.command);
      }
    }
    return [...commands].sort(compareCodePoints);
  }

  /** Lists that contain all variants which may be applicable if the given facts are true. */
  #active(watched: readonly number[]): VariantList[] {
    const lists: VariantList[] = [];
    let hasAlways = false;
    for (let i = 0; i < watched.length; i++) {
      const list = this.#lists[watched[i]!];
      if (!list) continue;
      lists.push(list);
      hasAlways ||= list.hasOthers;
    }
    if (!hasAlways) lists.push(this.#always);
    return lists;
  }

  /** Operator of a variant. */
  operatorOf(variant: Variant): GroundOperator {
    if (variant.operator) return variant.operator;
    const { plan, binding, command } = variant;
    const { action } = plan;
    const known = this.#operators[action.index]!;
    const slots = [...action.parameters.keys()];
    const key = this.#key(binding, slots);
    let operator = known.get(key);
    if (!operator) {
      const objects = binding.slice(0, slots.length);
      const isIdle = !this.#isEffective[action.index];
      operator = new GroundOperator(action.name, objects, command, isIdle, this);
      known.set(key, operator);
    }
    operator.variants.push(variant);
    variant.operator = operator;
    return operator;
  }

  /** True if a variant cannot change facts that preconditions or the goal read. */
  isIdle({ plan }: Variant): boolean {
    return !this.#isEffective[plan.action.index];
  }

  /** Effects of a variant. */
  effectsOf(variant: Variant): GroundEffects {
    if (!variant.effects) {
      const { plan, binding } = variant;
      const { action, condition } = plan;
      const context = this.#grounding.contextOf(action);
      const literals = groundLiterals(condition.literals, binding, context);
      variant.effects = groundEffects(action.effects, binding, literals, context);
    }
    return variant.effects;
  }

  /** Id of an object. */
  idOf(object: number): string {
    return this.#ids[object]!;
  }

  /** Bit set of the facts that preconditions or the goal read, over all facts known so far. */
  readMask(): readonly number[] {
    const { changeable } = this.facts;
    for (; this.#numMasked < changeable.length; this.#numMasked++) {
      const id = this.#numMasked;
      if ((id & 31) === 0) this.#mask.push(0);
      if (this.#isRead[changeable[id]!.predicate]) this.#mask[id >> 5]! |= 1 << (id & 31);
    }
    return this.#mask;
  }

  #carryOut(plan: JoinPlan, fact: Fact | undefined): void {
    // Create variants after the search, because they add facts to the lists over which it iterates.
    for (const binding of this.#grounding.bindings(plan, fact)) this.#addVariant(plan, binding);
  }

  #addVariant(plan: JoinPlan, binding: number[]): void {
    const { action, condition } = plan;
    const context = this.#grounding.contextOf(action);
    if (plan.mayHaveNoEffect && hasNoEffect(action.effects, condition, binding, context)) return;
    const watchedLiteral = this.#chooseWatched(condition);
    const literals: number[] = [];
    let watched = -1;
    for (const literal of condition.literals) {
      if (!this.isChangeable[literal.predicate]) continue;
      const { id } = this.facts.intern(
        literal.predicate,
        listObjects(literal.terms, binding, context),
      );
      if (literal === watchedLiteral) watched = id;
      else literals.push(id * 2 + (literal.isNegated ? 1 : 0));
    }
    const rest =
      condition.rest.length === 0 ||
      combine(
        "and",
        condition.rest.map((formula) => groundFormula(formula, binding, context)),
      );
    if (rest === false) return;
    const commandId = this.#commandIdOf(action, binding);
    this.#listOf(watched).add({
      plan,
      binding,
      commandId,
      command: this.#commandTexts[commandId]!,
      watched,
      literals: literals.length === 0 ? none : literals,
      rest,
      operator: undefined,
      effects: undefined,
    });
  }

  /**
   * Chooses the literal whose fact the variants of a case watch. It should be selective; literals
   * of predicates with only one true fact at a time are the most selective.
   */
  #chooseWatched({ literals }: Case): AtomFormula | undefined {
    const candidates = literals.filter(
      ({ predicate, isNegated }) => !isNegated && this.isChangeable[predicate],
    );
    return candidates.find(({ predicate }) => this.#isSingle[predicate]) ?? candidates[0];
  }

  #listOf(watched: number): VariantList {
    if (watched < 0) return this.#always;
    let list = this.#lists[watched];
    if (!list) {
      // At most one fact of such a predicate is true, so variants without a watched fact are listed
      // under every one of its facts, which avoids merging two lists at every step.
      const { predicate } = this.facts.changeable[watched]!;
      if (this.#isSingle[predicate]) this.#homePredicate ??= predicate;
      list = new VariantList(predicate === this.#homePredicate ? this.#always : undefined);
      this.#lists[watched] = list;
    }
    return list;
  }

  /** Returns the number of a command; generates its text once for the objects that it mentions. */
  #commandIdOf(action: Action, binding: readonly number[]): number {
    const known = this.#commands[action.index]!;
    const key = this.#key(binding, this.#texts.slotsOf(action));
    let id = known.get(key);
    if (id === undefined) {
      const text = this.#texts.command(action, binding);
      id = this.#commandIds.get(text);
      if (id === undefined) {
        id = this.#commandTexts.push(text) - 1;
        this.#commandIds.set(text, id);
      }
      known.set(key, id);
    }
    return id;
  }

  #key(binding: readonly number[], slots: readonly number[]): number | string {
    const numObjects = this.#ids.length;
    let key = 0;
    for (let i = 0; i < slots.length; i++) key = key * numObjects + binding[slots[i]!]!;
    return key <= Number.MAX_SAFE_INTEGER ? key : slots.map((slot) => binding[slot]).join(" ");
  }
}
