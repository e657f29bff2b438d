/** What a session is to buy. */
export interface Goal {
  /** The product that it was made from. */
  readonly asin: string;
  readonly category: string;
  readonly query: string;
  /** The product's title. */
  readonly name: string;
  readonly productCategory: string;
  readonly instructionText: string;
  readonly attributes: readonly string[];
  /** The most that it may cost, dollars; a million where the instruction names no limit. */
  readonly priceUpper: number;
  readonly options: GoalOptions;
  /** How often it is drawn relative to others, `> 0`. */
  readonly weight: number;
}

/** The options to choose: by name in synthetic goals, values alone in those of people. */
export type GoalOptions =
  | { readonly kind: "named"; readonly entries: readonly (readonly [string, string])[] }
  | { readonly kind: "values"; readonly values: readonly string[] };

/** How many options a goal asks for. */
export function numGoalOptions(options: GoalOptions): number {
  return options.kind === "named" ? options.entries.length : options.values.length;
}
