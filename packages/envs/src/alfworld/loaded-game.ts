import type { Game, GameState, LoadOptions, Operator, World } from "./game.ts";
import { type Domain, markPredicates } from "./pddl/domain.ts";
import { groundFormula } from "./pddl/ground-formula.ts";
import { Grounding } from "./pddl/grounding.ts";
import { GroundWorld } from "./pddl/ground-world.ts";
import type { Variant } from "./pddl/ground-operator.ts";
import { OperatorTable } from "./pddl/operator-table.ts";
import type { Problem } from "./pddl/problem.ts";
import type { SharedDomain } from "./pddl/shared-domain.ts";
import { entityNames } from "./text/entity-names.ts";
import type { Grammar } from "./text/grammar.ts";
import { pythonStrip } from "../python/python-strip.ts";
import { type TextContext, isTrue, wasDeleted } from "./text/text-context.ts";

/** Implementation of {@link Game}, which combines facts and texts. */
export class LoadedGame implements Game {
  readonly name: string;
  readonly walkthrough: readonly string[] | undefined;
  readonly initialWorld: GroundWorld;
  readonly grammar: Grammar;
  /** Context of texts at the start. */
  readonly initialContext: TextContext;
  /** Parsed domain, for planners. */
  readonly domain: Domain;
  /** Parsed problem, for planners. */
  readonly problem: Problem;
  readonly #isEntity: readonly boolean[];
  #introduction: string | undefined;
  #goal: string | undefined;

  constructor(
    name: string,
    { domain, plans, isKept }: SharedDomain,
    grammar: Grammar,
    task: string | undefined,
    problem: Problem,
    walkthrough: readonly string[] | undefined,
    { naming = "numbered", shuffleNames }: LoadOptions,
  ) {
    this.name = name;
    this.walkthrough = walkthrough;
    this.grammar = grammar;
    this.domain = domain;
    this.problem = problem;
    const { facts } = problem;
    const isEntity: boolean[] = problem.ids.map(() => false);
    const isSingle = [...isKept];
    for (const { index } of domain.predicateList) {
      const all = facts.all(index).facts;
      for (const { objects } of all) for (const object of objects) isEntity[object] = true;
      if (all.length > 1) isSingle[index] = false;
    }
    this.#isEntity = isEntity;
    const names = entityNames(problem.ids, isEntity, naming, shuffleNames);
    const isRead = [...domain.isRead];
    markPredicates(problem.goal, isRead);
    this.initialContext = {
      gameName: name,
      facts,
      flags: new Uint8Array(facts.numInitial + 64).fill(isTrue, 0, facts.numInitial),
      names,
      ids: problem.ids,
      typeOf: problem.typeOf,
      known: [],
      task,
    };
    const grounding = new Grounding(name, domain, problem);
    const { ids } = problem;
    const operators = new OperatorTable(grounding, domain, plans, ids, isRead, isSingle, {
      command: (action, objects) => grammar.command(action, objects, this.initialContext),
      slotsOf: (action) => grammar.commandSlots(action),
    });
    this.initialWorld = GroundWorld.initial({
      game: this,
      operators,
      goal: groundFormula(
        problem.goal,
        problem.goalSlotTypes.map(() => -1),
        grounding.goalContext(),
      ),
      predicates: domain.predicates,
      objectOf: problem.objectOf,
      ids: problem.ids,
    });
  }

  get goal(): string {
    if (this.#goal === undefined) {
      const task = this.grammar.say("task", this.initialContext);
      this.#goal = pythonStrip(task)
        .replace(/^Your task is to:?\s*/, "")
        .replace(/\.$/, "");
    }
    return this.#goal;
  }

  nameOf(id: string): string | undefined {
    const object = this.problem.objectOf.get(id);
    return object !== undefined && this.#isEntity[object]
      ? this.initialContext.names[object]
      : undefined;
  }

  start(): GameState {
    this.#introduction ??= this.grammar.say("intro", this.initialContext);
    return new LoadedGameState(
      this,
      this.initialWorld,
      this.initialContext.flags.slice(),
      this.#introduction,
    );
  }
}

class LoadedGameState implements GameState {
  readonly game: LoadedGame;
  readonly #context: TextContext;
  #world: GroundWorld;
  #observation: string;

  constructor(game: LoadedGame, world: GroundWorld, flags: Uint8Array, observation: string) {
    this.game = game;
    this.#context = { ...game.initialContext, flags };
    this.#world = world;
    this.#observation = observation;
  }

  get world(): World {
    return this.#world;
  }

  get observation(): string {
    return this.#observation;
  }

  get admissibleCommands(): readonly string[] {
    return this.#world.commands;
  }

  get isWon(): boolean {
    return this.#world.isGoal;
  }

  step(command: string): boolean {
    const variant = this.#world.variantFor(pythonStrip(command));
    if (variant) this.#carryOut(variant);
    else this.#observation = "Nothing happens.";
    return variant !== undefined;
  }

  perform(operator: Operator): void {
    const variant = this.#world.variantOf(operator);
    if (!variant) {
      throw new RangeError(
        `GameState.perform: operator must be applicable, got ${operator.action} (${operator.arguments.join(" ")})`,
      );
    }
    this.#carryOut(variant);
  }

  clone(): GameState {
    return new LoadedGameState(
      this.game,
      this.#world,
      this.#context.flags.slice(),
      this.#observation,
    );
  }

  /**
   * Updates the world, and the facts from which texts are generated. The latter differ from the
   * world's facts: conditional effects always apply, and deleted facts are remembered.
   */
  #carryOut(variant: Variant): void {
    this.#world = this.#world.applyVariant(variant);
    const { adds, deletes, conditional } = this.#world.effectsOf(variant);
    for (const id of adds) this.#setFlag(id, isTrue);
    for (const { id, isDelete } of conditional) if (!isDelete) this.#setFlag(id, isTrue);
    for (const id of deletes) this.#setFlag(id, wasDeleted);
    for (const { id, isDelete } of conditional) if (isDelete) this.#setFlag(id, wasDeleted);
    const { plan, binding } = variant;
    this.#observation = this.game.grammar.feedback(plan.action, binding, this.#context);
  }

  #setFlag(id: number, flag: number): void {
    const context = this.#context;
    if (id >= context.flags.length) {
      const larger = new Uint8Array(id * 2);
      larger.set(context.flags);
      context.flags = larger;
    }
    context.flags[id] = flag;
  }
}
