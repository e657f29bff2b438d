import type { Page } from "../pages/page.ts";
import { jsonDict, pythonDict } from "../../python/python-text.ts";

/** URL of a page in WebShop's text environment, without the host. */
export function pageUrl(sessionId: string, page: Page): string {
  if (page.name === "search") return `/${sessionId}`;
  if (page.name === "done") {
    return `/done/${sessionId}/${page.product.asin}/${pythonDict(page.options)}`;
  }
  const keywords = page.keywords.join("+");
  if (page.name === "results") {
    return `/search_results/${sessionId}/${keywords}/${page.pageNumber}`;
  }
  const path = `${sessionId}/${page.product.asin}/${keywords}/${page.pageNumber}`;
  if (page.name === "item") return `/item_page/${path}/${jsonDict(page.options)}`;
  return `/item_sub_page/${path}/${page.subPage}/${pythonDict(page.options)}`;
}

/** Type of page that WebShop's code derives from a URL: the first page name that occurs in it. */
export function pageNameInUrl(url: string): Page["name"] {
  if (url.includes("search_results")) return "results";
  if (url.includes("item_page")) return "item";
  if (url.includes("item_sub_page")) return "sub";
  return url.includes("done") ? "done" : "search";
}
