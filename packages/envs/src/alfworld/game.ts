import type { Random } from "@turnwise/core";
import type { Wording } from "./wording.ts";

/**
 * The public shapes of the engine. A {@link Game} is a loaded file, shared by all who play it; a
 * {@link GameState} is one play of it with texts; a {@link World} is the facts alone, for search.
 */

/** A game file (`game.tw-pddl`), its fields as they are named in the file. */
export interface GameFile {
  /** The planning domain: predicates and actions. */
  readonly pddl_domain: string;
  /** The text grammar: every sentence that the game can say. */
  readonly grammar: string;
  /** The planning problem: objects, initial facts, goal. */
  readonly pddl_problem: string;
  /** Commands that win the game from its start; absent in files that were never solved. */
  readonly walkthrough?: readonly string[];
  /** Whether the game can be won, as far as its maker knows. */
  readonly solvable?: boolean;
}

/**
 * An action of the domain with all its parameters bound. Two operators of one game with equal
 * `action` and `arguments` are the same object.
 */
export interface Operator {
  /** Name of the action, in lower case: `pickupobject`. */
  readonly action: string;
  /** The action's parameters in their order, as object ids in lower case. */
  readonly arguments: readonly string[];
  /** What a player types to do it. Other operators of the game may share the text. */
  readonly command: string;
  /** Whether it can change a fact that some precondition or the goal reads. */
  readonly isIdle: boolean;
}

/**
 * The changeable facts of a game at one moment, without texts and without the history that texts
 * depend on. Immutable; all methods are cheap and none of them generates text, but for
 * {@link Operator.command}, which is made once for each operator of a game.
 */
export interface World {
  readonly game: Game;
  /**
   * Equal for two worlds of one game exactly if no sequence of operators can tell them apart: it
   * holds the facts that preconditions or the goal read, and no others. Not meant to be read, nor
   * comparable between games or processes.
   */
  readonly key: string;
  /** Whether the goal of the game holds. */
  readonly isGoal: boolean;
  /** All operators that can be applied now, by command and then in the order of the domain. */
  operators(): readonly Operator[];
  /** The world after an operator. @throws `RangeError` if it is not applicable here. */
  apply(operator: Operator): World;
  /** Whether a fact is true. Names in lower case; unknown ones are in no fact. */
  holds(predicate: string, ...ids: readonly string[]): boolean;
  /** The arguments of all true facts of a predicate, as ids, sorted by code point. */
  facts(predicate: string): readonly (readonly string[])[];
}

/** Options of `loadGame`. */
export interface LoadOptions {
  /**
   * How objects are called: `numbered` (`cabinet 1`) as ALFWorld shows them, `ids` as TextWorld
   * does without ALFWorld. Default `numbered`.
   */
  readonly naming?: "numbered" | "ids";
  /**
   * Deals the numbers out in random order, so that the names of a game say less about where things
   * are (ALFWorld's domain randomisation). Default: fixed numbers.
   */
  readonly shuffleNames?: Random;
  /**
   * `put` gives a released or generated game the wording of ALFWorld before 0.4.0: `put X in/on Y`,
   * `You arrive at loc 12.`, no `help`. Default: the wording of the file.
   */
  readonly wording?: Wording;
  /**
   * Goal sentence in place of the file's, for texts alone. It is put before a full stop as it is, as
   * ALFWorld's generator does with human goals.
   */
  readonly goal?: string;
}

/** A loaded game. Immutable: any number of episodes may play it at the same time. */
export interface Game {
  /** What it was loaded as, for messages; usually its path within its task set. */
  readonly name: string;
  /** What the player is told to do, without the full stop: `put a hot apple in fridge`. */
  readonly goal: string;
  /** Commands that win it, as the file gives them. */
  readonly walkthrough: readonly string[] | undefined;
  /** The facts at the start. */
  readonly initialWorld: World;
  /** The name that texts use for an object id; `undefined` if no initial fact mentions it. */
  nameOf(id: string): string | undefined;
  /** Begins to play. */
  start(): GameState;
}

/**
 * One play of a game, without a limit of steps: it goes on after the goal is reached. Mutable.
 */
export interface GameState {
  readonly game: Game;
  /** The facts now. */
  readonly world: World;
  /** The answer to the last command; before the first one, the introduction. */
  readonly observation: string;
  /** The commands that have an effect now: sorted by code point, each once. Do not change it. */
  readonly admissibleCommands: readonly string[];
  /** Whether the goal holds now. */
  readonly isWon: boolean;
  /**
   * Does what the command says, if after stripping (as Python's `str.strip` does it) it equals an
   * admissible one; else nothing happens, and the observation says so.
   * @returns Whether it was admissible.
   */
  step(command: string): boolean;
  /** Does an operator. @throws `RangeError` if it is not applicable now. */
  perform(operator: Operator): void;
  /** An independent play that is now at the same point. */
  clone(): GameState;
}
