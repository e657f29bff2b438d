import type { Operator } from "../game.ts";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { GroundEffects } from "./ground-effects.ts";
import { type GroundFormula, hasBit, holdsIn } from "./ground-formula.ts";
import type { JoinPlan } from "./join-plan.ts";

/**
 * One way to perform an operator: a case of an action's precondition with objects for its
 * variables. There are many, and few are ever performed, so the data needed only for that is
 * created on demand.
 */
export interface Variant {
  readonly plan: JoinPlan;
  /** Objects by slot; the first ones are the action's parameters. */
  readonly binding: number[];
  /** Command text. */
  readonly command: string;
  /** Number of the command in the game; equal for equal commands. */
  readonly commandId: number;
  /** True fact under which the variant is listed; -1 for none. */
  readonly watched: number;
  /** Further literals of {@link GroundFormula} that must hold. */
  readonly literals: readonly number[];
  /** Further condition that must hold. */
  readonly rest: GroundFormula;
  operator: GroundOperator | undefined;
  effects: GroundEffects | undefined;
}

/** True if a variant can be performed. */
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

/** Data shared by the operators of one game. */
export interface OperatorOwner {
  idOf(object: number): string;
}

/** See {@link Operator}. */
export class GroundOperator implements Operator {
  readonly action: string;
  readonly command: string;
  readonly isIdle: boolean;
  readonly owner: OperatorOwner;
  /** Variants of the operator that were requested so far. */
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

/** Compares variants by command, then by the name of the action, then by the ids of its objects. */
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
