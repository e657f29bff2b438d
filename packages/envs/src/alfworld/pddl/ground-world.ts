import type { Game, Operator, World } from "../game.ts";
import type { Predicate } from "./formula.ts";
import type { GroundEffects } from "./ground-effects.ts";
import { type GroundFormula, hasBit, holdsIn } from "./ground-formula.ts";
import { GroundOperator, type Variant, isApplicable } from "./ground-operator.ts";
import type { OperatorTable } from "./operator-table.ts";

/** Data that the worlds of one game share. */
export interface WorldContext {
  readonly game: Game;
  readonly operators: OperatorTable;
  readonly goal: GroundFormula;
  readonly predicates: ReadonlyMap<string, Predicate>;
  readonly objectOf: ReadonlyMap<string, number>;
  readonly ids: readonly string[];
}

/**
 * Data derived from the facts that preconditions or the goal read. Worlds that differ only in other
 * facts share this data; many commands, such as `look`, `examine` and `inventory`, change only
 * other facts.
 */
class Consequences {
  readonly #context: WorldContext;
  readonly #bits: readonly number[];
  readonly #watched: readonly number[];
  #commands: readonly string[] | undefined;
  #operators: readonly GroundOperator[] | undefined;
  #key: string | undefined;
  #isGoal: boolean | undefined;

  /** @param watched - Watched facts that are true. */
  constructor(context: WorldContext, bits: readonly number[], watched: readonly number[]) {
    this.#context = context;
    this.#bits = bits;
    this.#watched = watched;
  }

  get commands(): readonly string[] {
    return (this.#commands ??= this.#context.operators.commands(this.#bits, this.#watched));
  }

  get operators(): readonly GroundOperator[] {
    return (this.#operators ??= this.#context.operators.operators(this.#bits, this.#watched));
  }

  get isGoal(): boolean {
    return (this.#isGoal ??= holdsIn(this.#context.goal, this.#bits));
  }

  get key(): string {
    if (this.#key !== undefined) return this.#key;
    const mask = this.#context.operators.readMask();
    const bits = this.#bits;
    let numWords = bits.length;
    // Drop trailing zero words, so that the key does not depend on how many facts were known when the
    // world was created: unknown facts are false.
    while (numWords > 0 && (bits[numWords - 1]! & mask[numWords - 1]!) === 0) numWords--;
    const units: number[] = [];
    for (let word = 0; word < numWords; word++) {
      const read = bits[word]! & mask[word]!;
      units.push(read & 0xffff, read >>> 16);
    }
    return (this.#key = String.fromCharCode.apply(undefined, units));
  }
}

/** Implementation of {@link World}. */
export class GroundWorld implements World {
  readonly #context: WorldContext;
  readonly #bits: readonly number[];
  /** Watched facts that are true, in the order in which they became true. */
  readonly #watched: readonly number[];
  readonly #consequences: Consequences;

  private constructor(
    context: WorldContext,
    bits: readonly number[],
    watched: readonly number[],
    consequences: Consequences,
  ) {
    this.#context = context;
    this.#bits = bits;
    this.#watched = watched;
    this.#consequences = consequences;
  }

  /** Creates the world at the start of a game. */
  static initial(context: WorldContext): GroundWorld {
    const { facts } = context.operators;
    const bits: number[] = [];
    extend(bits, facts.changeable.length);
    const watched: number[] = [];
    for (let id = 0; id < facts.numInitial; id++) {
      bits[id >> 5]! |= 1 << (id & 31);
      if (context.operators.isWatched(id)) watched.push(id);
    }
    return new GroundWorld(context, bits, watched, new Consequences(context, bits, watched));
  }

  get game(): Game {
    return this.#context.game;
  }

  get key(): string {
    return this.#consequences.key;
  }

  get isGoal(): boolean {
    return this.#consequences.isGoal;
  }

  /** Commands of all applicable operators, without duplicates, sorted by code point. */
  get commands(): readonly string[] {
    return this.#consequences.commands;
  }

  /** Computes {@link commands} by a simple scan, as a baseline for tests and benchmarks. */
  commandsByScan(): string[] {
    return this.#context.operators.commandsByScan(this.#bits);
  }

  operators(): readonly GroundOperator[] {
    return this.#consequences.operators;
  }

  apply(operator: Operator): GroundWorld {
    const variant = this.variantOf(operator);
    if (!variant) {
      throw new RangeError(
        `World.apply: operator must be applicable, got ${operator.action} (${operator.arguments.join(" ")})`,
      );
    }
    return this.applyVariant(variant);
  }

  /** Finds the variant that performs a command; `undefined` if the command is not applicable. */
  variantFor(command: string): Variant | undefined {
    return this.#context.operators.variantFor(command, this.#bits, this.#watched);
  }

  /** Finds the variant that performs an operator; `undefined` if the operator is not applicable. */
  variantOf(operator: Operator): Variant | undefined {
    if (!(operator instanceof GroundOperator) || operator.owner !== this.#context.operators) {
      return undefined;
    }
    for (const variant of operator.variants) {
      if (isApplicable(variant, this.#bits)) return variant;
    }
    // The variant may not have been requested yet.
    return this.operators().includes(operator)
      ? operator.variants.find((variant) => isApplicable(variant, this.#bits))
      : undefined;
  }

  /** Effects of a variant. */
  effectsOf(variant: Variant): GroundEffects {
    return this.#context.operators.effectsOf(variant);
  }

  /** Returns the world after an applicable variant. */
  applyVariant(variant: Variant): GroundWorld {
    const { operators } = this.#context;
    const { adds, deletes, conditional } = operators.effectsOf(variant);
    const bits = this.#bits.slice();
    extend(bits, operators.facts.changeable.length);
    let watched = this.#watched;
    for (let i = 0; i < deletes.length; i++) {
      const id = deletes[i]!;
      bits[id >> 5]! &= ~(1 << (id & 31));
      if (operators.isWatched(id)) watched = watched.filter((other) => other !== id);
    }
    for (const { condition, id, isDelete } of conditional) {
      if (!isDelete || !holdsIn(condition, this.#bits)) continue;
      bits[id >> 5]! &= ~(1 << (id & 31));
      if (operators.isWatched(id)) watched = watched.filter((other) => other !== id);
    }
    const added = [...adds];
    for (const { condition, id, isDelete } of conditional) {
      if (!isDelete && holdsIn(condition, this.#bits)) added.push(id);
    }
    for (let i = 0; i < added.length; i++) {
      const id = added[i]!;
      bits[id >> 5]! |= 1 << (id & 31);
      operators.reach(id);
      if (operators.isWatched(id) && !watched.includes(id)) watched = [...watched, id];
    }
    const consequences = operators.isIdle(variant)
      ? this.#consequences
      : new Consequences(this.#context, bits, watched);
    return new GroundWorld(this.#context, bits, watched, consequences);
  }

  holds(predicate: string, ...ids: readonly string[]): boolean {
    const found = this.#context.predicates.get(predicate);
    if (found?.arity !== ids.length) return false;
    const objects: number[] = [];
    for (const id of ids) {
      const object = this.#context.objectOf.get(id);
      if (object === undefined) return false;
      objects.push(object);
    }
    const fact = this.#context.operators.facts.find(found.index, objects);
    return fact !== undefined && (fact.id < 0 || hasBit(this.#bits, fact.id));
  }

  facts(predicate: string): readonly (readonly string[])[] {
    const { predicates, operators, ids } = this.#context;
    const found = predicates.get(predicate);
    if (!found) return [];
    return operators.facts
      .all(found.index)
      .facts.filter(({ id }) => id < 0 || hasBit(this.#bits, id))
      .map(({ objects }) => objects.map((object) => ids[object]!));
  }
}

/** Extends a bit set, with some spare capacity. */
function extend(bits: number[], numBits: number): void {
  if (bits.length * 32 >= numBits) return;
  const numWords = (numBits >> 5) + 8;
  while (bits.length < numWords) bits.push(0);
}
