import {
  boundState,
  stateVersion,
  type EnvironmentState,
  type ShopProduct,
  type ShopResult,
  type ShopState,
} from "@turnwise/core";
import type { Product } from "../catalogue/product.ts";
import type { Page } from "../pages/page.ts";

/** State of a shop: what is on the page, and the choices that led to it. */
export function renderShop(page: Page): EnvironmentState {
  return boundState({
    kind: "shop",
    version: stateVersion,
    instruction: page.instruction,
    ...describePage(page),
  });
}

type PageContent = Omit<ShopState, "kind" | "version" | "instruction" | "isTruncated">;

function describePage(page: Page): PageContent {
  switch (page.name) {
    case "search":
      return { page: "search" };
    case "results": {
      const { keywords, pageNumber, numResults, products } = page;
      const query = keywords.join(" ");
      return {
        page: "results",
        query,
        pageNumber,
        numResults,
        results: products.map(describeResult),
      };
    }
    case "done":
      return { page: "purchase", product: describeProduct(page), score: page.reward };
    case "item":
      return { page: "product", query: page.keywords.join(" "), product: describeProduct(page) };
    case "sub":
      return {
        page: "section",
        query: page.keywords.join(" "),
        product: describeProduct(page),
        section: page.subPage,
      };
  }
}

function describeResult({ asin, title, priceText }: Product): ShopResult {
  return { id: asin, title, price: priceText };
}

function describeProduct({
  product,
  options,
}: {
  readonly product: Product;
  readonly options: ReadonlyMap<string, string>;
}): ShopProduct {
  return {
    ...describeResult(product),
    category: product.category,
    description: product.description,
    features: product.bulletPoints,
    options: product.options.map(({ name, values }) => ({
      name,
      values,
      chosen: options.get(name.toLowerCase()) ?? null,
    })),
  };
}
