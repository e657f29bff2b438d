import type { Random } from "@turnwise/core";
import type { Wording } from "./wording.ts";

/**
 * Public types of the engine. A {@link Game} is a loaded file, shared by all its episodes; a
 * {@link GameState} is one episode with texts; a {@link World} holds only the facts, for search.
 */

/** A game file (`game.tw-pddl`), with its fields named as in the file. */
export interface GameFile {
  /** Planning domain in PDDL: predicates and actions. */
  readonly pddl_domain: string;
  /** Text grammar with all sentences of the game. */
  readonly grammar: string;
  /** Planning problem in PDDL: objects, initial facts, goal. */
  readonly pddl_problem: string;
  /** Commands that win the game from its start; absent if the game was never solved. */
  readonly walkthrough?: readonly string[];
  /** Solvability as stated by the creator of the game. */
  readonly solvable?: boolean;
}

/**
 * Action of the domain with all parameters bound. Two operators of the same game with equal
 * `action` and `arguments` are the same object.
 */
export interface Operator {
  /** Name of the action, in lower case: `pickupobject`. */
  readonly action: string;
  /** Arguments in the order of the action's parameters, as object ids in lower case. */
  readonly arguments: readonly string[];
  /** Command text. Other operators of the game may have the same text. */
  readonly command: string;
  /** True if the operator cannot change any fact that a precondition or the goal reads. */
  readonly isIdle: boolean;
}

/**
 * The changeable facts of a game at one moment, without texts and without the history on which
 * texts depend. Immutable. All methods are fast; the only text that is generated is {@link
 * Operator.command}, once per operator of a game.
 */
export interface World {
  readonly game: Game;
  /**
   * Key that is equal for two worlds of a game if and only if no sequence of operators can
   * distinguish them: it encodes only the facts that preconditions or the goal read. Opaque; not
   * comparable between games or processes.
   */
  readonly key: string;
  /** True if the goal of the game holds. */
  readonly isGoal: boolean;
  /** All applicable operators, sorted by command and then in the order of the domain. */
  operators(): readonly Operator[];
  /**
   * Returns the world after an operator.
   * @throws `RangeError` if the operator is not applicable here.
   */
  apply(operator: Operator): World;
  /** True if a fact holds. Names must be in lower case; facts with unknown names do not hold. */
  holds(predicate: string, ...ids: readonly string[]): boolean;
  /** Arguments of all true facts of a predicate, as ids, sorted by code point. */
  facts(predicate: string): readonly (readonly string[])[];
}

/** Options of `loadGame`. */
export interface LoadOptions {
  /**
   * Naming of objects: `numbered` (`cabinet 1`), as in ALFWorld; or `ids`, as in TextWorld without
   * ALFWorld. Default `numbered`.
   */
  readonly naming?: "numbered" | "ids";
  /**
   * Random stream for assigning the numbers of names, so that names reveal less about locations
   * (ALFWorld's domain randomization). Default: fixed numbers.
   */
  readonly shuffleNames?: Random;
  /**
   * Wording of a released or generated game. `put` is the wording of ALFWorld before 0.4.0:
   * `put X in/on Y`, `You arrive at loc 12.`, no `help`. Default: the wording of the file.
   */
  readonly wording?: Wording;
  /**
   * Goal sentence that replaces the file's goal sentence in texts. It is inserted unchanged before
   * a full stop, as in ALFWorld with human goals.
   */
  readonly goal?: string;
}

/** Loaded game. Immutable: several episodes may play it at the same time. */
export interface Game {
  /** Name for messages, usually the path of the game within its task set. */
  readonly name: string;
  /** Goal sentence without the full stop: `put a hot apple in fridge`. */
  readonly goal: string;
  /** Winning commands stated in the file; `undefined` if there are none. */
  readonly walkthrough: readonly string[] | undefined;
  /** Facts at the start. */
  readonly initialWorld: World;
  /** Name of an object in texts; `undefined` if no initial fact mentions its id. */
  nameOf(id: string): string | undefined;
  /** Starts an episode without a limit. */
  start(): GameState;
}

/**
 * State of a game that is being played, without a limit on commands; play may continue after the
 * goal is reached. Mutable.
 */
export interface GameState {
  readonly game: Game;
  /** Current facts. */
  readonly world: World;
  /** Answer to the last command; before the first one, the introduction. */
  readonly observation: string;
  /** Commands that have an effect now, sorted by code point, without duplicates. Do not modify. */
  readonly admissibleCommands: readonly string[];
  /** True if the goal holds now. */
  readonly isWon: boolean;
  /**
   * Performs a command if it equals an admissible one after stripping (like Python's `str.strip`);
   * otherwise nothing happens, and the observation says so.
   * @returns True if the command was admissible.
   */
  step(command: string): boolean;
  /** Performs an operator. @throws `RangeError` if the operator is not applicable now. */
  perform(operator: Operator): void;
  /** Copies the state; the copy is independent. */
  clone(): GameState;
}
