import type { Product } from "../catalogue/product.ts";
import type { RewardDetails } from "../reward/shopping-reward.ts";

/** Names of an item's sub-pages. */
export const subPages = ["Description", "Features", "Reviews", "Attributes"] as const;

/** A sub-page of an item. */
export type SubPage = (typeof subPages)[number];

/** Number of products per result page. */
export const productsPerPage = 10;

/** A page and all its content. */
export type Page =
  | { readonly name: "search"; readonly instruction: string }
  | {
      readonly name: "results";
      readonly instruction: string;
      readonly keywords: readonly string[];
      /** Page number from 1; 0 can occur with `compat: "reference"`. */
      readonly pageNumber: number;
      readonly numResults: number;
      readonly products: readonly Product[];
    }
  | {
      readonly name: "item";
      readonly instruction: string;
      readonly keywords: readonly string[];
      readonly pageNumber: number;
      readonly product: Product;
      /** Chosen option values by option name, in order of choice. */
      readonly options: ReadonlyMap<string, string>;
      readonly showsAttributes: boolean;
    }
  | {
      readonly name: "sub";
      readonly instruction: string;
      readonly keywords: readonly string[];
      readonly pageNumber: number;
      readonly product: Product;
      readonly options: ReadonlyMap<string, string>;
      readonly subPage: SubPage;
    }
  | {
      readonly name: "done";
      readonly instruction: string;
      readonly product: Product;
      readonly options: ReadonlyMap<string, string>;
      readonly reward: number;
      readonly details: RewardDetails;
    };

/** A piece of visible text, and the effect of clicking it. */
export interface PageNode {
  readonly kind: "text" | "button" | "product" | "option";
  readonly text: string;
  /** Name of the option, if the text is an option value. */
  readonly option?: string;
}

/** Products of one page, like Python's slice `results[10 * (page - 1) : 10 * page]`. */
export function pageSlice<T>(results: readonly T[], pageNumber: number): readonly T[] {
  return results.slice(productsPerPage * (pageNumber - 1), productsPerPage * pageNumber);
}
