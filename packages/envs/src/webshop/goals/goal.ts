/** A shopping goal. */
export interface Goal {
  /** Product from which the goal was made. */
  readonly asin: string;
  readonly category: string;
  readonly query: string;
  /** Title of the product. */
  readonly name: string;
  readonly productCategory: string;
  readonly instructionText: string;
  readonly attributes: readonly string[];
  /** Price limit, dollars; a million if the instruction names none. */
  readonly priceUpper: number;
  readonly options: GoalOptions;
  /** Relative weight in random draws, `> 0`. */
  readonly weight: number;
}

/** Options to choose: with names in synthetic goals, only values in human goals. */
export type GoalOptions =
  | { readonly kind: "named"; readonly entries: readonly (readonly [string, string])[] }
  | { readonly kind: "values"; readonly values: readonly string[] };

/** Number of options that a goal asks for. */
export function numGoalOptions(options: GoalOptions): number {
  return options.kind === "named" ? options.entries.length : options.values.length;
}
