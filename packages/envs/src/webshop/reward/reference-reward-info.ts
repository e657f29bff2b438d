import type { RewardDetails } from "./shopping-reward.ts";

/** Parts of a reward under WebShop's names; weights are shares of the denominator. */
export interface ReferenceRewardInfo {
  readonly r_type: number;
  readonly r_att: number;
  readonly w_att: number;
  readonly query_match: boolean;
  readonly category_match: boolean;
  readonly title_score: number;
  /** Absent, like `w_option`, if the goal asks for no option. */
  readonly r_option?: number;
  readonly w_option?: number;
  readonly r_price: boolean;
  readonly w_price: number;
}

/** Converts the parts of a reward to WebShop's names. */
export function referenceRewardInfo(details: RewardDetails): ReferenceRewardInfo {
  const { numAttributes, numOptions } = details;
  const total = numAttributes + numOptions + 1;
  return {
    r_type: details.typeFactor,
    r_att: details.numAttributeMatches / numAttributes,
    w_att: numAttributes / total,
    query_match: details.isSameQuery,
    category_match: details.isSameCategory,
    title_score: details.titleScore,
    ...(numOptions > 0 && {
      r_option: details.numOptionMatches / numOptions,
      w_option: numOptions / total,
    }),
    r_price: details.isPriceMet,
    w_price: 1 / total,
  };
}
