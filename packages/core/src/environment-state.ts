/** Version of the state format; every state carries it. */
export const stateVersion = 1;

/** Fields of every state. */
interface StateFields {
  readonly version: typeof stateVersion;
  /** Present if texts or lists were cut, see `boundState`. */
  readonly isTruncated?: true;
}

/** States of an object in a household. */
export type ObjectMark = "clean" | "hot" | "cool" | "on" | "sliced";

/** An object that the agent has seen. */
export interface HouseholdObject {
  readonly name: string;
  readonly marks?: readonly ObjectMark[];
}

/** A receptacle: furniture, an appliance, a floor. */
export interface HouseholdReceptacle {
  readonly name: string;
  /** `none` if it cannot be closed; `unknown` until the agent has been there. */
  readonly door: "none" | "open" | "closed" | "unknown";
  /** Objects in or on it; `null` until the agent has seen its inside. */
  readonly contents: readonly HouseholdObject[] | null;
}

/** Household room of ALFWorld; only the parts that the agent has seen are known. */
export interface HouseholdState extends StateFields {
  readonly kind: "household";
  /** Goal sentence. */
  readonly goal: string;
  readonly isSolved: boolean;
  /** Receptacle that the agent visited last; `null` in the middle of the room. */
  readonly location: string | null;
  readonly inventory: readonly HouseholdObject[];
  /** All receptacles of the room, by name. */
  readonly receptacles: readonly HouseholdReceptacle[];
}

/** A product in a list of results. */
export interface ShopResult {
  readonly id: string;
  readonly title: string;
  /** Price as shown: `$36.0`. */
  readonly price: string;
}

/** Product page that the agent has open. */
export interface ShopProduct extends ShopResult {
  readonly category: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly options: readonly ShopOption[];
}

/** An option of a product, such as its size. */
export interface ShopOption {
  readonly name: string;
  readonly values: readonly string[];
  /** Value that the agent chose; `null` for none. */
  readonly chosen: string | null;
}

/** A page of WebShop. */
export interface ShopState extends StateFields {
  readonly kind: "shop";
  readonly instruction: string;
  /**
   * `section`: description, features, reviews or attributes of a product; `purchase`: the final
   * page.
   */
  readonly page: "search" | "results" | "product" | "section" | "purchase";
  /** Last search; absent before the first one and after the purchase. */
  readonly query?: string;
  /** Page number of the results, from 1; present on page `results`. */
  readonly pageNumber?: number;
  readonly numResults?: number;
  readonly results?: readonly ShopResult[];
  /** Product; present on pages `product`, `section` and `purchase`. */
  readonly product?: ShopProduct;
  /** Name of the section, on page `section`. */
  readonly section?: string;
  /** The benchmark's score of the purchase, in [0, 1]. */
  readonly score?: number;
}

/** File that the agent changed, compared with the start of the episode. */
export interface ChangedFile {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted";
  readonly numAdded: number;
  readonly numRemoved: number;
}

/** Results of the tests that a solution must pass. */
export interface TestResults {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** A repository of SWE-bench. */
export interface RepositoryState extends StateFields {
  readonly kind: "repository";
  readonly instance: string;
  /** Absolute path in the container. */
  readonly folder: string;
  /** Last tool call, as text; `null` before the first call. */
  readonly lastCommand: string | null;
  readonly files: readonly ChangedFile[];
  /** Unified diff from the start of the episode. */
  readonly diff: string;
  /** Reason why the changes are unknown; `files` and `diff` are then empty. */
  readonly missing?: string;
  /** Verdict, after the episode was graded. */
  readonly verdict?: {
    readonly isResolved: boolean;
    /**
     * Results of FAIL_TO_PASS tests (broken by the issue) and PASS_TO_PASS tests; absent if there
     * are no results.
     */
    readonly failToPass?: TestResults;
    readonly passToPass?: TestResults;
  };
}

/** A game on a grid: Sokoban, FrozenLake. Cells are numbered row by row from 0. */
export interface GridState extends StateFields {
  readonly kind: "grid";
  readonly width: number;
  readonly height: number;
  /** Terrain of each cell, `[cell]`. */
  readonly cells: readonly ("floor" | "wall" | "hole")[];
  readonly agent: number;
  readonly boxes: readonly number[];
  /** Target cells: where boxes must be pushed, or the goal. */
  readonly targets: readonly number[];
  readonly movesLeft: number;
  readonly result: "open" | "won" | "lost";
}

/** Number of pieces of an item, or of any item of a group. */
export interface CountedItem {
  readonly name: string;
  readonly count: number;
}

/** Recipe of an item. */
export interface CraftingRecipe extends CountedItem {
  readonly ingredients: readonly CountedItem[];
}

/** A crafting task of TextCraft. */
export interface CraftingState extends StateFields {
  readonly kind: "crafting";
  /** Item to craft. */
  readonly goal: string;
  readonly isSolved: boolean;
  readonly inventory: readonly CountedItem[];
  /** Recipes that the agent is shown. */
  readonly recipes: readonly CraftingRecipe[];
}

/** State as text, for environments without their own kind of state. */
export interface TextState extends StateFields {
  readonly kind: "text";
  readonly text: string;
}

/** A state that could not be rendered. */
export interface UnavailableState extends StateFields {
  readonly kind: "unavailable";
  readonly reason: string;
}

/**
 * State of an environment as plain data, for logs and the viewer; the agent never sees it. All
 * states of an episode have the same kind, except `unavailable`.
 */
export type EnvironmentState =
  | HouseholdState
  | ShopState
  | RepositoryState
  | GridState
  | CraftingState
  | TextState
  | UnavailableState;

/** All state kinds. */
export const stateKinds: readonly EnvironmentState["kind"][] = [
  "household",
  "shop",
  "repository",
  "grid",
  "crafting",
  "text",
  "unavailable",
];
