import type { FactTable } from "../pddl/facts.ts";

/** Data from which texts are generated: one state of one game. */
export interface TextContext {
  /** Name of the game, for messages. */
  readonly gameName: string;
  readonly facts: FactTable;
  /** Flags by fact id: {@link isTrue}, and {@link wasDeleted} for facts that an action deleted. */
  flags: Uint8Array;
  /** Names by object number. */
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly typeOf: readonly number[];
  /**
   * Cached texts of expressions about one object, by expression and object. Shared by the states of
   * a game, whose names do not change.
   */
  readonly known: (string | undefined)[][];
  /** Text of the rule `task`, if the game provides it instead of the shared grammar. */
  readonly task: string | undefined;
}

/** Flag of a fact that is true. */
export const isTrue = 1;
/** Flag of a fact that was deleted; the text grammar refers to it by the prefix `not_`. */
export const wasDeleted = 2;

/** Variables in scope, by slot. */
export type Scope = readonly { readonly name: string; readonly type: string }[];

/** Function that generates a text; `objects` has the object of each variable in scope. */
export type Render = (objects: number[], context: TextContext) => string;
