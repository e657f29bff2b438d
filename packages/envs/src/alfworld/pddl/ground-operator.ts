import type { Operator } from "../game.ts";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { GroundEffects } from "./ground-effects.ts";
import { type GroundFormula, hasBit, holdsIn } from "./ground-formula.ts";
import type { JoinPlan } from "./join-plan.ts";

/**
 * Variant of an operator: a case of the action's precondition with objects for its variables. There
 * are many variants, of which few are performed, so data that is needed only for performing them is
 * created on demand.
 */
export interface Variant {
  readonly plan: JoinPlan;
  /** Objects by slot; the first slots are the action's parameters. */
  readonly binding: number[];
  /** Command text. */
  readonly command: string;
  /** Number of the command within the game; the same for equal commands. */
  readonly commandId: number;
  /** Watched fact: while it is false, the variant is not tried. -1 if no fact is watched. */
  readonly watched: number;
  /** Other literals that must hold, as in {@link GroundFormula}. */
  readonly literals: readonly number[];
  /** Other condition that must hold. */
  readonly rest: GroundFormula;
  operator: GroundOperator | undefined;
  effects: GroundEffects | undefined;
}

/** True if a variant can be performed in a state. */
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

/** Data that the operators of one game share. */
export interface OperatorOwner {
  idOf(object: number): string;
}

/** Implementation of {@link Operator}. */
export class GroundOperator implements Operator {
  readonly action: string;
  readonly command: string;
  readonly isIdle: boolean;
  readonly owner: OperatorOwner;
  /** Variants of the operator that have been requested so far. */
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

/** Compares variants by command, then by action name, then by the ids of the objects. */
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
