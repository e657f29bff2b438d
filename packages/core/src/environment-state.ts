/** Version of the states in this file; every state has it. */
export const stateVersion = 1;

/** Fields of every state. */
interface StateFields {
  readonly version: typeof stateVersion;
  /** Present if texts or lists were cut, see `boundState`. */
  readonly isTruncated?: true;
}

/** Things that were done to an object of a household. */
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

/** A room of ALFWorld, as far as the agent has seen it. */
export interface HouseholdState extends StateFields {
  readonly kind: "household";
  /** Goal sentence. */
  readonly goal: string;
  readonly isSolved: boolean;
  /** Receptacle that the agent went to last; `null` in the middle of the room. */
  readonly location: string | null;
  readonly inventory: readonly HouseholdObject[];
  /** All receptacles of the room, by name. */
  readonly receptacles: readonly HouseholdReceptacle[];
}

/** A product in a list of results. */
export interface ShopResult {
  readonly id: string;
  readonly title: string;
  /** As shown: `$36.0`. */
  readonly price: string;
}

/** A product that the agent looks at. */
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
  /** `section` is a product's description, features, reviews or attributes; `purchase` is the end. */
  readonly page: "search" | "results" | "product" | "section" | "purchase";
  /** Last search; absent before the first one and after the purchase. */
  readonly query?: string;
  /** Page of results, from 1, and results of all pages; on page `results`. */
  readonly pageNumber?: number;
  readonly numResults?: number;
  readonly results?: readonly ShopResult[];
  /** On pages `product`, `section` and `purchase`. */
  readonly product?: ShopProduct;
  /** Name of the section, on page `section`. */
  readonly section?: string;
  /** The benchmark's score of the purchase, in [0, 1]. */
  readonly score?: number;
}

/** A file that differs from the start of the episode. */
export interface ChangedFile {
  readonly path: string;
  readonly change: "added" | "modified" | "deleted";
  readonly numAdded: number;
  readonly numRemoved: number;
}

/** Tests that a resolved issue must pass, by result. */
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
  /** Last call of a tool, as text; `null` before the first one. */
  readonly lastCommand: string | null;
  readonly files: readonly ChangedFile[];
  /** Unified diff against the start of the episode. */
  readonly diff: string;
  /** Reason why changes are not known; then `files` and `diff` are empty. */
  readonly missing?: string;
  /** Verdict, once the episode was graded. */
  readonly verdict?: {
    readonly isResolved: boolean;
    /** Tests that the issue breaks, and those that work before; absent if there were no results. */
    readonly failToPass?: TestResults;
    readonly passToPass?: TestResults;
  };
}

/** A game on a grid: Sokoban, FrozenLake. Cells are numbered row by row from 0. */
export interface GridState extends StateFields {
  readonly kind: "grid";
  readonly width: number;
  readonly height: number;
  /** Ground, `[cell]`. */
  readonly cells: readonly ("floor" | "wall" | "hole")[];
  readonly agent: number;
  readonly boxes: readonly number[];
  /** Cells to push boxes to, or to reach. */
  readonly targets: readonly number[];
  readonly movesLeft: number;
  readonly result: "open" | "won" | "lost";
}

/** So many pieces of an item, or of any item of a group. */
export interface CountedItem {
  readonly name: string;
  readonly count: number;
}

/** Way to make pieces of an item. */
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

/** A state as text, from environments without a kind of their own. */
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
 * State of an environment for people and programs that watch, as plain data; the agent never sees
 * it. The states of one episode have one kind, apart from `unavailable`.
 */
export type EnvironmentState =
  | HouseholdState
  | ShopState
  | RepositoryState
  | GridState
  | CraftingState
  | TextState
  | UnavailableState;

/** All kinds of states. */
export const stateKinds: readonly EnvironmentState["kind"][] = [
  "household",
  "shop",
  "repository",
  "grid",
  "crafting",
  "text",
  "unavailable",
];
