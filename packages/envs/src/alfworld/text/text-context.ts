import type { FactTable } from "../pddl/facts.ts";

/** Data that texts are generated from: one state of one game. */
export interface TextContext {
  /** Name for messages. */
  readonly gameName: string;
  readonly facts: FactTable;
  /** By fact id: {@link isTrue}, and {@link wasDeleted} for facts that an action deleted. */
  flags: Uint8Array;
  /** By object number. */
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly typeOf: readonly number[];
  /**
   * Cached texts of expressions about one object, by expression and object. Shared by the states of
   * a game, whose names do not change.
   */
  readonly known: (string | undefined)[][];
  /** Text of the rule `task`, if it belongs to the game and not to the shared grammar. */
  readonly task: string | undefined;
}

/** Flag of a fact that is true. */
export const isTrue = 1;
/** Flag of a fact that is remembered as deleted: the fact `not_` of the text layer. */
export const wasDeleted = 2;

/** Variables in scope, by slot. */
export type Scope = readonly { readonly name: string; readonly type: string }[];

/** Generates a text; `objects` has the object of each variable in scope. */
export type Render = (objects: number[], context: TextContext) => string;
