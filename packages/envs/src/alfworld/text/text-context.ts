import type { FactTable } from "../pddl/facts.ts";

/** What texts are made from: one state of one game. */
export interface TextContext {
  /** For messages. */
  readonly gameName: string;
  readonly facts: FactTable;
  /** By fact id: {@link isTrue}, and {@link wasDeleted} for facts that an action took away. */
  flags: Uint8Array;
  /** By object number. */
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly typeOf: readonly number[];
  /**
   * Texts of expressions about one object, by expression and object, kept from the first time they
   * were needed. Shared by the states of a game, whose names do not change.
   */
  readonly known: (string | undefined)[][];
  /** What the rule `task` says, where it is a text of the game and not of the shared grammar. */
  readonly task: string | undefined;
}

/** Flag of a fact that is true. */
export const isTrue = 1;
/** Flag of a fact that is remembered as deleted: the fact `not_` of the text layer. */
export const wasDeleted = 2;

/** The variables that are in scope, by slot. */
export type Scope = readonly { readonly name: string; readonly type: string }[];

/** Makes a text; `objects` holds the object of each variable in scope. */
export type Render = (objects: number[], context: TextContext) => string;
