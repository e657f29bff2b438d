import type { Product } from "../catalogue/product.ts";
import type { RewardDetails } from "../reward/shopping-reward.ts";

/** The pages below an item. */
export const subPages = ["Description", "Features", "Reviews", "Attributes"] as const;

/** A page below an item. */
export type SubPage = (typeof subPages)[number];

/** How many products a page of results shows. */
export const productsPerPage = 10;

/** What a session sees: the page and all that it shows. */
export type Page =
  | { readonly name: "search"; readonly instruction: string }
  | {
      readonly name: "results";
      readonly instruction: string;
      readonly keywords: readonly string[];
      /** From 1; a reference session can get to 0. */
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
      /** What is chosen, option name to value, in order of choice. */
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

/** A piece of visible text, and what a click on it does. */
export interface PageNode {
  readonly kind: "text" | "button" | "product" | "option";
  readonly text: string;
  /** Of an option: its name. */
  readonly option?: string;
}

/** The products of one page, as Python slices `results[10 * (page - 1) : 10 * page]`. */
export function pageSlice<T>(results: readonly T[], pageNumber: number): readonly T[] {
  return results.slice(productsPerPage * (pageNumber - 1), productsPerPage * pageNumber);
}
