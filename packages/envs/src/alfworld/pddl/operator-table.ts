import { GameFileError } from "../game-file-error.ts";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { Action, Domain } from "./domain.ts";
import type { Fact, FactTable } from "./facts.ts";
import type { AtomFormula } from "./formula.ts";
import { type GroundEffects, groundEffects, groundLiterals, isVain } from "./ground-effects.ts";
import { type GroundContext, combine, groundFormula, hasBit } from "./ground-formula.ts";
import {
  GroundOperator,
  type OperatorOwner,
  type Variant,
  compareVariants,
  isApplicable,
} from "./ground-operator.ts";
import type { JoinPlan } from "./join-plan.ts";
import type { Problem } from "./problem.ts";
import { type Choices, VariantList, mergeChoices, noChoices } from "./variant-list.ts";

const none: readonly number[] = [];

/** Makes the texts of commands. */
export interface CommandTexts {
  /** What a player types for an action. */
  command(action: Action, objects: readonly number[]): string;
  /** The slots of the parameters that the text depends on. */
  slotsOf(action: Action): readonly number[];
}

// The largest released game has 5,000 operators; a file that goes on for ever has to be stopped.
const maxVariants = 200_000;
const maxSearchSteps = 5_000_000;

/**
 * The operators of one game. An operator is made when all facts that it needs have been true, each
 * in some world that was reached: what can be done in a world has then been made, and what play
 * never comes near is never made.
 */
export class OperatorTable implements GroundContext, OperatorOwner {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  readonly objects: readonly number[];
  readonly #name: string;
  readonly #domain: Domain;
  readonly #problem: Problem;
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
  readonly #members = new Map<number, readonly number[]>();
  /** Numbers of commands, by action and the objects that they speak of. */
  readonly #commands: readonly Map<number | string, number>[];
  readonly #commandTexts: string[] = [];
  readonly #commandIds = new Map<string, number>();
  /** Variants that watch no fact. */
  readonly #always = new VariantList();
  #homePredicate: number | undefined;
  /** The others by the fact; the same in parallel lists, which are faster to go through. */
  readonly #lists = new Map<number, VariantList>();
  readonly #watched: number[] = [];
  readonly #watching: VariantList[] = [];
  #slotTypes: readonly number[] = [];
  #mask: number[] = [];
  #numMasked = 0;
  #numVariants = 0;
  #numSearchSteps = 0;

  constructor(
    name: string,
    domain: Domain,
    plans: ReadonlyMap<number, readonly JoinPlan[]>,
    problem: Problem,
    isRead: readonly boolean[],
    isSingle: readonly boolean[],
    texts: CommandTexts,
  ) {
    this.#name = name;
    this.#domain = domain;
    this.#problem = problem;
    this.#texts = texts;
    this.#commands = domain.actions.map(() => new Map());
    this.#plansOf = plans;
    this.#isRead = isRead;
    this.#isSingle = isSingle;
    this.#isEffective = domain.actions.map(({ effects }) =>
      effects.some(({ predicate }) => isRead[predicate]),
    );
    this.#operators = domain.actions.map(() => new Map());
    this.facts = problem.facts;
    this.isChangeable = domain.isChangeable;
    this.objects = problem.domainObjects;
    for (const plan of plans.get(-1) ?? []) this.#carryOut(plan, undefined);
    for (let id = 0; id < problem.facts.numInitial; id++) this.reach(id);
  }

  /** Makes the operators that a fact makes possible, if it is true for the first time. */
  reach(id: number): void {
    const fact = this.facts.changeable[id]!;
    if (fact.isReached) return;
    fact.isReached = true;
    const plans = this.#plansOf.get(fact.predicate);
    if (plans) for (const plan of plans) this.#carryOut(plan, fact);
  }

  /** What can be done in a state. */
  choices(bits: readonly number[]): Choices {
    let all = noChoices;
    let hasAlways = false;
    for (let i = 0; i < this.#watched.length; i++) {
      if (!hasBit(bits, this.#watched[i]!)) continue;
      const list = this.#watching[i]!;
      all = mergeChoices(all, list.choices(bits));
      hasAlways ||= list.hasOthers;
    }
    return hasAlways ? all : mergeChoices(all, this.#always.choices(bits));
  }

  /** How to carry a command out in a state where these are the choices. */
  variantFor(command: string, { commandIds, firsts }: Choices): Variant | undefined {
    const id = this.#commandIds.get(command);
    return id === undefined ? undefined : firsts[commandIds.indexOf(id)];
  }

  /** The commands of {@link choices}, found by testing every variant there is. */
  commandsByScan(bits: readonly number[]): string[] {
    const commands = new Set<string>();
    for (const { command } of this.#scan(bits)) commands.add(command);
    return [...commands].sort(compareCodePoints);
  }

  /** All operators that can be applied, sorted as {@link compareVariants} does, each once. */
  operators(bits: readonly number[], { firsts, hasMore }: Choices): GroundOperator[] {
    const variants = hasMore ? this.#scan(bits).sort(compareVariants) : firsts;
    const operators: GroundOperator[] = [];
    for (const variant of variants) {
      const operator = this.operatorOf(variant);
      if (operator !== operators.at(-1)) operators.push(operator);
    }
    return operators;
  }

  /** All variants that can be carried out. */
  #scan(bits: readonly number[]): Variant[] {
    return [this.#always, ...this.#watching].flatMap((list) =>
      list.own.filter((variant) => isApplicable(variant, bits)),
    );
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
      this.#slotTypes = action.slotTypes;
      const literals = groundLiterals(condition.literals, binding, this);
      variant.effects = groundEffects(action.effects, binding, literals, this);
    }
    return variant.effects;
  }

  /** What the goal of the problem is grounded with. */
  forGoal({ goalObjects, goalSlotTypes }: Problem): GroundContext {
    const withTypes = <T>(call: () => T): T => {
      this.#slotTypes = goalSlotTypes;
      return call();
    };
    return {
      facts: this.facts,
      isChangeable: this.isChangeable,
      objects: goalObjects,
      members: (slot) => withTypes(() => this.members(slot)),
      isMember: (slot, object) => withTypes(() => this.isMember(slot, object)),
      count: () => {
        this.count();
      },
    };
  }

  /** The id of an object. */
  idOf(object: number): string {
    return this.#problem.ids[object]!;
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

  members(slot: number): readonly number[] {
    const type = this.#slotTypes[slot]!;
    let members = this.#members.get(type);
    if (!members) {
      const { types } = this.#domain;
      const found: number[] = [];
      this.#problem.typeOf.forEach((own, object) => {
        if (types.isKindOf(own, type)) found.push(object);
      });
      this.#members.set(type, (members = found));
    }
    return members;
  }

  isMember(slot: number, object: number): boolean {
    const own = this.#problem.typeOf[object]!;
    const type = this.#slotTypes[slot]!;
    return own === type || this.#domain.types.isKindOf(own, type);
  }

  count(): void {
    if (++this.#numSearchSteps > maxSearchSteps) {
      throw new GameFileError(
        `${this.#name}: pddl_domain must leave fewer choices to search, got over ${maxSearchSteps}`,
      );
    }
  }

  #carryOut(plan: JoinPlan, fact: Fact | undefined): void {
    const { action, trigger } = plan;
    this.#slotTypes = action.slotTypes;
    const binding = plan.unbound.slice();
    if (trigger && !this.#bind(trigger, fact!, binding)) return;
    // Variants are made after the search: they add facts to the lists that it goes through.
    const found: number[][] = [];
    this.#search(plan, fact, 0, binding, found);
    for (const one of found) this.#addVariant(plan, one);
  }

  #search(
    plan: JoinPlan,
    fact: Fact | undefined,
    at: number,
    binding: number[],
    found: number[][],
  ): void {
    this.count();
    const step = plan.steps[at];
    if (!step) {
      if (this.#numVariants + found.length >= maxVariants) {
        throw new GameFileError(
          `${this.#name}: pddl_domain action ${plan.action.name} must have fewer operators, got over ${maxVariants}`,
        );
      }
      found.push([...binding]);
      return;
    }
    switch (step.kind) {
      case "scan": {
        const { literal, position } = step;
        const { predicate, terms } = literal;
        const candidates =
          position < 0
            ? this.facts.all(predicate).facts
            : this.facts.having(predicate, position, this.#objectOf(terms[position]!, binding))
                .facts;
        const mustBeReached = this.isChangeable[predicate]!;
        const isEarlier = plan.earlier.includes(literal);
        for (let i = 0; i < candidates.length; i++) {
          const candidate = candidates[i]!;
          if (mustBeReached && (!candidate.isReached || (isEarlier && candidate === fact))) {
            continue;
          }
          const bound = this.#bind(literal, candidate, binding);
          if (!bound) continue;
          this.#search(plan, fact, at + 1, binding, found);
          for (let j = 0; j < bound.length; j++) binding[bound[j]!] = -1;
        }
        return;
      }
      case "check": {
        const { predicate, terms, isNegated } = step.literal;
        const known = this.facts.find(
          predicate,
          terms.map((term) => this.#objectOf(term, binding)),
        );
        const isThere =
          known !== undefined &&
          (!this.isChangeable[predicate] ||
            (known.isReached && !(known === fact && plan.earlier.includes(step.literal))));
        if (isThere !== isNegated) this.#search(plan, fact, at + 1, binding, found);
        return;
      }
      case "compare": {
        const { left, right, isNegated } = step.equality;
        if ((this.#objectOf(left, binding) === this.#objectOf(right, binding)) !== isNegated) {
          this.#search(plan, fact, at + 1, binding, found);
        }
        return;
      }
      case "members":
        for (const object of this.members(step.slot)) {
          binding[step.slot] = object;
          this.#search(plan, fact, at + 1, binding, found);
        }
        binding[step.slot] = -1;
    }
  }

  #objectOf(term: number, binding: readonly number[]): number {
    return term >= 0 ? binding[term]! : this.objects[~term]!;
  }

  /** Binds the free variables of a literal; `undefined`, and nothing changes, if it does not fit. */
  #bind({ terms }: AtomFormula, fact: Fact, binding: number[]): number[] | undefined {
    let bound: number[] | undefined;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      const object = fact.objects[i]!;
      const present = term >= 0 ? binding[term]! : this.objects[~term]!;
      if (present === object) continue;
      if (present >= 0 || !this.isMember(term, object)) {
        if (bound) for (const slot of bound) binding[slot] = -1;
        return undefined;
      }
      binding[term] = object;
      if (bound) bound.push(term);
      else bound = [term];
    }
    return bound ?? [];
  }

  #addVariant(plan: JoinPlan, binding: number[]): void {
    const { action, condition } = plan;
    if (isVain(action.effects, condition, binding, this)) return;
    this.#slotTypes = action.slotTypes;
    const literals: number[] = [];
    let watched = -1;
    let isSingle = false;
    for (const literal of condition.literals) {
      const { predicate, isNegated } = literal;
      if (!this.isChangeable[predicate]) continue;
      const { id } = this.#intern(literal, binding);
      literals.push(id * 2 + (isNegated ? 1 : 0));
      if (!isNegated && !isSingle && (watched < 0 || this.#isSingle[predicate])) {
        watched = id;
        isSingle = this.#isSingle[predicate]!;
      }
    }
    const rest =
      condition.rest.length === 0 ||
      combine(
        "and",
        condition.rest.map((formula) => groundFormula(formula, binding, this)),
      );
    if (rest === false) return;
    this.#numVariants++;
    const commandId = this.#commandIdOf(action, binding);
    this.#listOf(watched, isSingle).add({
      plan,
      binding,
      commandId,
      command: this.#commandTexts[commandId]!,
      watched,
      literals:
        literals.length === 1 && watched >= 0
          ? none
          : literals.filter((literal) => literal !== watched * 2),
      rest,
      operator: undefined,
      effects: undefined,
    });
  }

  #intern({ predicate, terms }: AtomFormula, binding: readonly number[]): Fact {
    const objects: number[] = [];
    for (let i = 0; i < terms.length; i++) objects.push(this.#objectOf(terms[i]!, binding));
    return this.facts.intern(predicate, objects);
  }

  #listOf(watched: number, isSingle: boolean): VariantList {
    if (watched < 0) return this.#always;
    let list = this.#lists.get(watched);
    if (!list) {
      // Of the facts of one such predicate at most one is true: what can always be done is listed
      // with each of them, and then it need not be sorted in each time.
      const { predicate } = this.facts.changeable[watched]!;
      if (isSingle) this.#homePredicate ??= predicate;
      list = new VariantList(predicate === this.#homePredicate ? this.#always : undefined);
      this.#lists.set(watched, list);
      this.#watched.push(watched);
      this.#watching.push(list);
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
    const numObjects = this.#problem.ids.length;
    let key = 0;
    for (let i = 0; i < slots.length; i++) key = key * numObjects + binding[slots[i]!]!;
    return key <= Number.MAX_SAFE_INTEGER ? key : slots.map((slot) => binding[slot]).join(" ");
  }
}
