import type { Operator } from "../game.ts";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { GroundEffects } from "./ground-effects.ts";
import { type GroundFormula, hasBit, holdsIn } from "./ground-formula.ts";
import type { JoinPlan } from "./join-plan.ts";

/**
 * One way to carry out an operator: a case of an action's precondition with objects for its
 * variables. There are many, and few of them are ever carried out: what only those need is made on
 * demand.
 */
export interface Variant {
  readonly plan: JoinPlan;
  /** Objects by slot. The first ones are the action's parameters. */
  readonly binding: number[];
  /** What the player types. */
  readonly command: string;
  /** Its number among the commands of the game: equal for equal commands. */
  readonly commandId: number;
  /** A fact that must be true, under which the variant is listed; -1 if there is none. */
  readonly watched: number;
  /** Literals of {@link GroundFormula} that must all hold besides. */
  readonly literals: readonly number[];
  /** What must hold besides. */
  readonly rest: GroundFormula;
  operator: GroundOperator | undefined;
  effects: GroundEffects | undefined;
}

/** Whether a variant can be carried out. */
export function isApplicable(
  { watched, literals, rest }: Variant,
  bits: readonly number[],
): boolean {
  if (watched >= 0 && !hasBit(bits, watched)) return false;
  for (let i = 0; i < literals.length; i++) {
    const literal = literals[i]!;
    if (hasBit(bits, literal >> 1) === ((literal & 1) === 1)) return false;
  }
  return rest === true || holdsIn(rest, bits);
}

/** What operators of one game have in common. */
export interface OperatorOwner {
  idOf(object: number): string;
}

/** See {@link Operator}. */
export class GroundOperator implements Operator {
  readonly action: string;
  readonly command: string;
  readonly isIdle: boolean;
  readonly owner: OperatorOwner;
  /** The ways to carry it out that were asked for so far. */
  readonly variants: Variant[] = [];
  readonly #objects: readonly number[];
  #arguments: readonly string[] | undefined;

  constructor(
    action: string,
    objects: readonly number[],
    command: string,
    isIdle: boolean,
    owner: OperatorOwner,
  ) {
    this.action = action;
    this.command = command;
    this.isIdle = isIdle;
    this.owner = owner;
    this.#objects = objects;
  }

  get arguments(): readonly string[] {
    return (this.#arguments ??= this.#objects.map((object) => this.owner.idOf(object)));
  }
}

/** Sorts variants by command, then by the name of the action, then by the ids of its objects. */
export function compareVariants(a: Variant, b: Variant): number {
  if (a.commandId !== b.commandId) return compareCodePoints(a.command, b.command);
  const { action } = a.plan;
  if (action !== b.plan.action) return action.index - b.plan.action.index;
  for (let slot = 0; slot < action.parameters.length; slot++) {
    const difference = a.binding[slot]! - b.binding[slot]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
