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

/** State of a shop: contents of the page, and the choices that led to it. */
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
  if (page.name === "search") return { page: "search" };
  if (page.name === "done") {
    return { page: "purchase", product: describeProduct(page), score: page.reward };
  }
  const query = page.keywords.join(" ");
  if (page.name === "results") {
    const { pageNumber, numResults, products } = page;
    const results = products.map(describeResult);
    return { page: "results", query, pageNumber, numResults, results };
  }
  const product = describeProduct(page);
  if (page.name === "item") return { page: "product", query, product };
  return { page: "section", query, product, section: page.subPage };
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
