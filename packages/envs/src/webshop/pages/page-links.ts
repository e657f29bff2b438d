import { pythonDict, pythonList } from "../../python/python-text.ts";
import type { SubPage } from "./page.ts";

/** Options in order of choice. */
export type ChosenOptions = Iterable<readonly [string, string]>;

/** Link targets of a page's links and buttons. */
export interface PageLinks {
  search(): string;
  results(keywords: readonly string[], pageNumber: number): string;
  item(location: ItemLocation): string;
  /** URL of an item up to its options. */
  itemStart(location: ItemLocation): string;
  /**
   * Quotes the text after {@link itemStart}: the Python dict of the options. Quoted parts can be
   * concatenated.
   */
  readonly quoteOptions: (literal: string) => string;
  sub(location: ItemLocation, subPage: SubPage): string;
  done(asin: string, options: ChosenOptions): string;
}

/** State of an item page: the search that found the item, and the chosen options. */
export interface ItemLocation {
  readonly asin: string;
  readonly keywords: readonly string[];
  readonly pageNumber: number;
  readonly options: ChosenOptions;
}

/** Percent-encodes all but ASCII letters, digits, `_.!~*'()-` and the given safe characters. */
function quoter(safe: string): (text: string) => string {
  const escaped = safe.replaceAll(/[$/?+]/gu, String.raw`\$&`);
  const others = new RegExp(String.raw`[^\w.!~*'()\-${escaped}]+`, "gu");
  return (text) =>
    text.replace(others, (run) => encodeURIComponent(run.replaceAll(/\p{Surrogate}/gu, "\ufffd")));
}

const quoteSession = quoter("$,/:;?@");
const quoteValue = quoter("$,/:;?@ ");
const quoteWithPluses = (text: string): string => quoteValue(text).replaceAll(" ", "+");
const quotePart = quoter("$&+,:;=@");
const quotePartWithSlashes = quoter("$&+,/:;=@");

/** Links of WebShop's text environment, all to `/` with a query. */
export function environmentLinks(sessionId: string): PageLinks {
  const start = `/?session_id=${quoteSession(sessionId)}`;
  const parameter = (name: string, value: string): string => `&${name}=${quoteWithPluses(value)}`;
  // All links of a page share the same search.
  let lastKeywords: readonly string[] = [];
  let search = "";
  const searchParameters = (keywords: readonly string[], pageNumber: number): string => {
    if (keywords !== lastKeywords) {
      lastKeywords = keywords;
      search = keywords.map((keyword) => parameter("keywords", keyword)).join("");
    }
    return `${search}&page=${pageNumber}`;
  };
  const optionsParameter = (options: ChosenOptions): string =>
    parameter("options", pythonDict(options));
  const itemStart = ({ asin, keywords, pageNumber }: ItemLocation): string =>
    `${start}${parameter("asin", asin)}${searchParameters(keywords, pageNumber)}&options=`;
  return {
    search: () => start,
    results: (keywords, pageNumber) => `${start}${searchParameters(keywords, pageNumber)}`,
    item: (location) => itemStart(location) + quoteWithPluses(pythonDict(location.options)),
    itemStart,
    quoteOptions: quoteWithPluses,
    sub: ({ asin, keywords, pageNumber, options }, subPage) =>
      `${start}${parameter("asin", asin)}${searchParameters(keywords, pageNumber)}&sub_page=${subPage}${optionsParameter(options)}`,
    done: (asin, options) => `${start}${parameter("asin", asin)}${optionsParameter(options)}`,
  };
}

/**
 * Links of the web site: paths with Python literals, as in WebShop's code.
 * @param keepsSlashes - True to leave slashes within a part unencoded, as WebShop's code does; such
 *   links do not work.
 */
export function siteLinks(sessionId: string, keepsSlashes: boolean): PageLinks {
  const quote = keepsSlashes ? quotePartWithSlashes : quotePart;
  const link = (...parts: readonly string[]): string => `/${parts.map(quote).join("/")}`;
  const itemStart = ({ asin, keywords, pageNumber }: ItemLocation): string =>
    `${link("item_page", sessionId, asin, pythonList(keywords), String(pageNumber))}/`;
  return {
    search: () => link(sessionId),
    results: (keywords, pageNumber) =>
      link("search_results", sessionId, pythonList(keywords), String(pageNumber)),
    item: (location) => itemStart(location) + quote(pythonDict(location.options)),
    itemStart,
    quoteOptions: quote,
    sub: ({ asin, keywords, pageNumber, options }, subPage) =>
      link(
        "item_sub_page",
        sessionId,
        asin,
        pythonList(keywords),
        String(pageNumber),
        subPage,
        pythonDict(options),
      ),
    done: (asin, options) => link("done", sessionId, asin, pythonDict(options)),
  };
}
