import type { Product } from "../catalogue/product.ts";
import type { Goal, GoalOptions } from "../goals/goal.ts";
import { numGoalOptions } from "../goals/goal.ts";
import { noLimit } from "../goals/goal-table.ts";
import { pythonStrip } from "../../python/python-strip.ts";
import { pythonRepr } from "../../python/python-text.ts";
import { colorOfPair, normalizeColor } from "./normalize-color.ts";
import { tokenSetRatio } from "./token-set-ratio.ts";
import type { TitleNouns } from "./title-nouns.ts";

/** Two texts match if their similarity, per cent, is above this threshold. */
const sameAbove = 85;

/** A purchase. */
export interface Purchase {
  readonly product: Product;
  /** Price paid, dollars. */
  readonly price: number;
  /** Chosen option values by option name. */
  readonly options: ReadonlyMap<string, string>;
}

/** Parts of a reward; shares are in [0, 1]. */
export interface RewardDetails {
  /** Factor for the type of product: 1, 0.5, 0.1 or 0. */
  readonly typeFactor: number;
  readonly isSameQuery: boolean;
  /** True if two parts of the category path are shared. */
  readonly isSameCategory: boolean;
  /** Share of the goal's title nouns in the purchased title. */
  readonly titleScore: number;
  readonly numAttributes: number;
  readonly numAttributeMatches: number;
  readonly numOptions: number;
  readonly numOptionMatches: number;
  readonly isPriceMet: boolean;
}

/** A reward and its parts. */
export interface ShoppingReward {
  /** Reward in [0, 1]. */
  readonly reward: number;
  readonly details: RewardDetails;
}

/**
 * Reward of a purchase:
 * `(attribute matches + option matches + price met) / (attributes + options + 1) * type factor`.
 *
 * @param rule - `"reference"` compares options as WebShop's code does: a goal's named option is
 *   compared as the text of a name-value pair, which some correct choices never match. `"exact"`
 *   compares the chosen value of the same name; a similar value counts only if the purchased
 *   product does not offer the requested one. With `"exact"`, the product that the goal was made
 *   from always has the goal's attributes and type, and a goal without a price limit accepts any
 *   price.
 */
export function shoppingReward(
  goal: Goal,
  purchase: Purchase,
  nounsOf: TitleNouns,
  rule: "reference" | "exact",
): ShoppingReward {
  const { product, price, options } = purchase;
  // The product that a goal was made from has the goal's attributes and type by definition.
  const isTarget = rule === "exact" && product.asin === goal.asin && product.title === goal.name;
  const numAttributeMatches = goal.attributes.filter(
    (attribute) => isTarget || hasAttribute(product, attribute),
  ).length;
  const numOptionMatches =
    rule === "reference"
      ? referenceOptionMatches(goal.options, options)
      : exactOptionMatches(goal.options, purchase);
  const isUnlimited = rule === "exact" && goal.priceUpper === noLimit;
  const isPriceMet = isUnlimited || price <= goal.priceUpper;
  const numOptions = numGoalOptions(goal.options);
  const numAttributes = goal.attributes.length;
  const type = { ...typeMatch(goal, product, nounsOf), ...(isTarget && { typeFactor: 1 }) };
  const share =
    (numAttributeMatches + numOptionMatches + (isPriceMet ? 1 : 0)) /
    (numAttributes + numOptions + 1);
  return {
    reward: share * type.typeFactor,
    details: {
      ...type,
      numAttributes,
      numAttributeMatches,
      numOptions,
      numOptionMatches,
      isPriceMet,
    },
  };
}

function typeMatch(
  goal: Goal,
  product: Product,
  nounsOf: TitleNouns,
): Pick<RewardDetails, "typeFactor" | "isSameQuery" | "isSameCategory" | "titleScore"> {
  const isSameQuery = product.query === goal.query;
  const parts = (category: string): Set<string> => new Set(category.split("›").map(pythonStrip));
  const goalParts = parts(goal.productCategory);
  const shared = [...parts(product.productCategory)].filter((part) => goalParts.has(part));
  const isSameCategory = shared.length >= 2;
  const wanted = nounsOf(goal.name);
  const bought = new Set(nounsOf(product.title));
  const numShared = [...new Set(wanted)].filter((noun) => bought.has(noun)).length;
  // Repeated nouns count in the total, but not in the number of shared ones.
  const titleScore = wanted.length === 0 ? 0.2 : numShared / wanted.length;
  let typeFactor = isSameQuery || isSameCategory || titleScore > 0.2 ? 1 : 0.5;
  if (titleScore < 0.1) typeFactor = 0.1;
  if (titleScore === 0) typeFactor = 0;
  return { typeFactor, isSameQuery, isSameCategory, titleScore };
}

function hasAttribute(product: Product, wanted: string): boolean {
  return (
    // An equal text is the most likely match and the fastest to check.
    (product.attributes.includes(wanted) && tokenSetRatio(wanted, wanted) > sameAbove) ||
    product.attributes.some((attribute) => tokenSetRatio(attribute, wanted) > sameAbove) ||
    product.title.toLowerCase().includes(wanted) ||
    product.bulletPoints.join(" ").toLowerCase().includes(wanted) ||
    product.description.toLowerCase().includes(wanted)
  );
}

/** WebShop's code converts the pair of a named option's name and value to text. */
function referenceOptionMatches(wanted: GoalOptions, chosen: ReadonlyMap<string, string>): number {
  const texts =
    wanted.kind === "values"
      ? wanted.values.map(normalizeColor)
      : wanted.entries.map(
          ([name, value]) =>
            colorOfPair(name, value) ?? `(${pythonRepr(name)}, ${pythonRepr(value)})`,
        );
  const choices = [...chosen.values()].map(normalizeColor);
  return texts.filter((text) => choices.some((choice) => tokenSetRatio(choice, text) > sameAbove))
    .length;
}

function exactOptionMatches(wanted: GoalOptions, { product, options }: Purchase): number {
  const isSimilar = (choice: string, value: string): boolean =>
    tokenSetRatio(normalizeColor(choice), normalizeColor(value)) > sameAbove;
  if (wanted.kind === "values") {
    const choices = [...options.values()];
    return wanted.values.filter((value) =>
      product.options.some((group) => group.values.includes(value))
        ? choices.includes(value)
        : choices.some((choice) => isSimilar(choice, value)),
    ).length;
  }
  return wanted.entries.filter(([name, value]) => {
    const choice = options.get(name);
    if (choice === undefined || choice === value) return choice === value;
    const group = product.options.find((option) => option.name === name);
    return group?.values.includes(value) !== true && isSimilar(choice, value);
  }).length;
}
