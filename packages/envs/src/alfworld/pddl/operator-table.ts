import { compareCodePoints } from "../text/code-point-order.ts";
import type { Case } from "./cases.ts";
import type { Action, Domain } from "./domain.ts";
import type { Fact, FactTable } from "./facts.ts";
import type { AtomFormula } from "./formula.ts";
import {
  type GroundEffects,
  groundEffects,
  groundLiterals,
  isVain,
  objectsOf,
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

/** Makes the texts of commands. */
export interface CommandTexts {
  /** What a player types for an action. */
  command(action: Action, objects: readonly number[]): string;
  /** The slots of the parameters that the text depends on. */
  slotsOf(action: Action): readonly number[];
}

/**
 * The operators of one game. An operator is made when all facts that it needs have been true, each
 * in some world that was reached: what can be done in a world has then been made, and what play
 * never comes near is never made.
 */
export class OperatorTable implements OperatorOwner {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  readonly #grounding: Grounding;
  readonly #ids: readonly string[];
  readonly #texts: CommandTexts;
  readonly #plansOf: ReadonlyMap<number, readonly JoinPlan[]>;
  /** Whether preconditions, conditions or the goal read the predicate. */
  readonly #isRead: readonly boolean[];
  /** Whether at most one fact of the predicate is true at any time. */
  readonly #isSingle: readonly boolean[];
  /** By action: whether its effects touch what something reads. */
  readonly #isEffective: readonly boolean[];
  /** By action and objects. */
  readonly #operators: readonly Map<number | string, GroundOperator>[];
  /** Numbers of commands, by action and the objects that they speak of. */
  readonly #commands: readonly Map<number | string, number>[];
  readonly #commandTexts: string[] = [];
  readonly #commandIds = new Map<string, number>();
  /** Variants that watch no fact. */
  readonly #always = new VariantList();
  #homePredicate: number | undefined;
  /** The others, by the fact. */
  readonly #lists: (VariantList | undefined)[] = [];
  /** By predicate: whether variants are listed under its facts. */
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
      const literal = this.#watchedLiteral(condition);
      if (literal) isWatched[literal.predicate] = true;
    }
    this.#isWatched = isWatched;
    for (const plan of plans.get(-1) ?? []) this.#carryOut(plan, undefined);
    for (let id = 0; id < this.facts.numInitial; id++) this.reach(id);
  }

  /** Makes the operators that a fact makes possible, if it is true for the first time. */
  reach(id: number): void {
    const fact = this.facts.changeable[id]!;
    if (fact.isReached) return;
    fact.isReached = true;
    const plans = this.#plansOf.get(fact.predicate);
    if (plans) for (const plan of plans) this.#carryOut(plan, fact);
  }

  /** Whether a fact is one that variants are listed under. */
  isWatched(id: number): boolean {
    return this.#isWatched[this.facts.changeable[id]!.predicate]!;
  }

  /**
   * The commands that can be carried out in a state: sorted by code point, each once.
   * @param watched - The watched facts that are true, see {@link isWatched}.
   */
  commands(bits: readonly number[], watched: readonly number[]): string[] {
    let all: string[] | undefined;
    for (const list of this.#active(watched)) {
      const commands = list.commands(bits);
      all = all ? mergeCommands(all, commands) : commands;
    }
    return all ?? [];
  }

  /** How to carry a command out in a state; `undefined` if it cannot be. */
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

  /** All operators that can be applied, sorted as {@link compareVariants} does, each once. */
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

  /** What {@link commands} gives, found by testing every variant there is. */
  commandsByScan(bits: readonly number[]): string[] {
    const commands = new Set<string>();
    for (const list of [this.#always, ...this.#lists]) {
      for (const variant of list?.own ?? []) {
        if (isApplicable(variant, bits)) commands.add(variant.command);
      }
    }
    return [...commands].sort(compareCodePoints);
  }

  /** The lists of what may be possible where some facts are true. */
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

  /** The operator that a variant belongs to. */
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

  /** Whether a variant cannot change what something reads. */
  isIdle({ plan }: Variant): boolean {
    return !this.#isEffective[plan.action.index];
  }

  /** What a variant does. */
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

  /** The id of an object. */
  idOf(object: number): string {
    return this.#ids[object]!;
  }

  /** The facts that something reads, as a bit set over all facts known so far. */
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
    // Variants are made after the search: they add facts to the lists that it goes through.
    for (const binding of this.#grounding.bindings(plan, fact)) this.#addVariant(plan, binding);
  }

  #addVariant(plan: JoinPlan, binding: number[]): void {
    const { action, condition } = plan;
    const context = this.#grounding.contextOf(action);
    if (plan.mayBeVain && isVain(action.effects, condition, binding, context)) return;
    const watchedLiteral = this.#watchedLiteral(condition);
    const literals: number[] = [];
    let watched = -1;
    for (const literal of condition.literals) {
      if (!this.isChangeable[literal.predicate]) continue;
      const { id } = this.facts.intern(
        literal.predicate,
        objectsOf(literal.terms, binding, context),
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
   * The literal whose fact the variants of a case are listed under: one that tells many of them
   * apart. Of the facts of some predicates only one is true at any time; these serve best.
   */
  #watchedLiteral({ literals }: Case): AtomFormula | undefined {
    const candidates = literals.filter(
      ({ predicate, isNegated }) => !isNegated && this.isChangeable[predicate],
    );
    return candidates.find(({ predicate }) => this.#isSingle[predicate]) ?? candidates[0];
  }

  #listOf(watched: number): VariantList {
    if (watched < 0) return this.#always;
    let list = this.#lists[watched];
    if (!list) {
      // Of the facts of one such predicate at most one is true: what can always be done is listed
      // with each of them, and then it need not be sorted in each time.
      const { predicate } = this.facts.changeable[watched]!;
      if (this.#isSingle[predicate]) this.#homePredicate ??= predicate;
      list = new VariantList(predicate === this.#homePredicate ? this.#always : undefined);
      this.#lists[watched] = list;
    }
    return list;
  }

  /** The number of a command, whose text is made once for the objects that it speaks of. */
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
