import { GameFileError } from "../game-file-error.ts";
import type { Action, Domain } from "./domain.ts";
import type { Fact, FactTable } from "./facts.ts";
import type { AtomFormula, Term } from "./formula.ts";
import type { GroundContext } from "./ground-formula.ts";
import type { JoinPlan } from "./join-plan.ts";
import type { Problem } from "./problem.ts";

// Maximum number of bindings; the largest released game has 5,000 operators. Stops searches that
// would never end.
const maxBindings = 200_000;
const maxSearchSteps = 5_000_000;

/** Finds objects for variables in one game, with a limit on the total search. */
export class Grounding {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  readonly #name: string;
  readonly #domain: Domain;
  readonly #problem: Problem;
  /** Grounding context of each action. */
  readonly #contexts: readonly GroundContext[];
  /** Members of each type. */
  readonly #members = new Map<number, readonly number[]>();
  /** Slots bound by literals, in the order of binding. */
  readonly #bound: number[] = [];
  #numBindings = 0;
  #numSearchSteps = 0;

  /** @param name - Name of the game, for messages. */
  constructor(name: string, domain: Domain, problem: Problem) {
    this.#name = name;
    this.#domain = domain;
    this.#problem = problem;
    this.facts = problem.facts;
    this.isChangeable = domain.isChangeable;
    this.#contexts = domain.actions.map(({ slotTypes }) =>
      this.#context(slotTypes, problem.domainObjects),
    );
  }

  /** Returns the context for grounding formulas of an action. */
  contextOf(action: Action): GroundContext {
    return this.#contexts[action.index]!;
  }

  /** Returns the context for grounding the goal. */
  goalContext(): GroundContext {
    const { goalSlotTypes, goalObjects } = this.#problem;
    return this.#context(goalSlotTypes, goalObjects);
  }

  /**
   * Finds the new bindings (objects by slot) of a plan's case after a fact was reached for the
   * first time. In a new binding, all required changeable facts have been reached, and no earlier
   * fact gave the same binding.
   */
  bindings(plan: JoinPlan, fact: Fact | undefined): number[][] {
    const context = this.contextOf(plan.action);
    const binding = plan.unbound.slice();
    const found: number[][] = [];
    this.#bound.length = 0;
    if (!plan.trigger || this.#bind(plan.trigger, fact!, binding, context)) {
      this.#search(plan, fact, 0, binding, found, context);
      this.#numBindings += found.length;
    }
    return found;
  }

  #context(slotTypes: readonly number[], objects: readonly number[]): GroundContext {
    const { types } = this.#domain;
    const { typeOf } = this.#problem;
    return {
      facts: this.facts,
      isChangeable: this.isChangeable,
      objects,
      members: (slot) => this.#membersOf(slotTypes[slot]!),
      isMember: (slot, object) => {
        const own = typeOf[object]!;
        const type = slotTypes[slot]!;
        return own === type || types.isKindOf(own, type);
      },
      count: () => {
        this.#count();
      },
    };
  }

  #membersOf(type: number): readonly number[] {
    let members = this.#members.get(type);
    if (!members) {
      const found: number[] = [];
      this.#problem.typeOf.forEach((own, object) => {
        if (this.#domain.types.isKindOf(own, type)) found.push(object);
      });
      this.#members.set(type, (members = found));
    }
    return members;
  }

  #count(): void {
    if (++this.#numSearchSteps > maxSearchSteps) {
      throw new GameFileError(
        `${this.#name}: pddl_domain: the search for operators must take at most ${maxSearchSteps} steps, got more`,
      );
    }
  }

  #search(
    plan: JoinPlan,
    fact: Fact | undefined,
    at: number,
    binding: number[],
    found: number[][],
    context: GroundContext,
  ): void {
    this.#count();
    const step = plan.steps[at];
    if (!step) {
      if (this.#numBindings + found.length >= maxBindings) {
        throw new GameFileError(
          `${this.#name}: pddl_domain action ${plan.action.name} must have at most ${maxBindings} operators, got more`,
        );
      }
      found.push(binding.slice());
      return;
    }
    switch (step.kind) {
      case "scan": {
        const { literal, position } = step;
        const { predicate, terms } = literal;
        const candidates =
          position < 0
            ? this.facts.all(predicate).facts
            : this.facts.allWith(predicate, position, getObject(terms[position]!, binding, context))
                .facts;
        const mustBeReached = this.isChangeable[predicate]!;
        const isEarlier = plan.earlier.includes(literal);
        for (let i = 0; i < candidates.length; i++) {
          const candidate = candidates[i]!;
          if (mustBeReached && (!candidate.isReached || (isEarlier && candidate === fact))) {
            continue;
          }
          const numBound = this.#bound.length;
          if (this.#bind(literal, candidate, binding, context)) {
            this.#search(plan, fact, at + 1, binding, found, context);
            this.#unbind(numBound, binding);
          }
        }
        return;
      }
      case "check": {
        const { predicate, terms, isNegated } = step.literal;
        const known = this.facts.find(
          predicate,
          terms.map((term) => getObject(term, binding, context)),
        );
        const isThere =
          known !== undefined &&
          (!this.isChangeable[predicate] ||
            (known.isReached && !(known === fact && plan.earlier.includes(step.literal))));
        if (isThere !== isNegated) this.#search(plan, fact, at + 1, binding, found, context);
        return;
      }
      case "compare": {
        const { left, right, isNegated } = step.equality;
        if (
          (getObject(left, binding, context) === getObject(right, binding, context)) !==
          isNegated
        ) {
          this.#search(plan, fact, at + 1, binding, found, context);
        }
        return;
      }
      case "members":
        for (const object of context.members(step.slot)) {
          binding[step.slot] = object;
          this.#search(plan, fact, at + 1, binding, found, context);
        }
        binding[step.slot] = -1;
    }
  }

  /**
   * Binds the unbound variables of a literal to a fact.
   * @returns False if the fact does not match, in which case nothing changes.
   */
  #bind({ terms }: AtomFormula, fact: Fact, binding: number[], context: GroundContext): boolean {
    const numBound = this.#bound.length;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      const object = fact.objects[i]!;
      const present = getObject(term, binding, context);
      if (present === object) continue;
      if (present >= 0 || !context.isMember(term, object)) {
        this.#unbind(numBound, binding);
        return false;
      }
      binding[term] = object;
      this.#bound.push(term);
    }
    return true;
  }

  /** Undoes all bindings except the first `numKept`. */
  #unbind(numKept: number, binding: number[]): void {
    while (this.#bound.length > numKept) binding[this.#bound.pop()!] = -1;
  }
}

function getObject(term: Term, binding: readonly number[], { objects }: GroundContext): number {
  return term >= 0 ? binding[term]! : objects[~term]!;
}
