import { pythonDict, pythonList } from "../../python/python-text.ts";
import type { SubPage } from "./page.ts";

/** Options in order of choice. */
export type ChosenOptions = Iterable<readonly [string, string]>;

/** Where the links and buttons of a page lead. */
export interface PageLinks {
  search(): string;
  results(keywords: readonly string[], pageNumber: number): string;
  item(place: ItemPlace): string;
  /** The address of an item up to its options. */
  itemStart(place: ItemPlace): string;
  /** What follows {@link itemStart}: the Python dict of the options. Parts of it may be joined. */
  readonly quoteOptions: (literal: string) => string;
  sub(place: ItemPlace, subPage: SubPage): string;
  done(asin: string, options: ChosenOptions): string;
}

/** An item as it is found and configured. */
export interface ItemPlace {
  readonly asin: string;
  readonly keywords: readonly string[];
  readonly pageNumber: number;
  readonly options: ChosenOptions;
}

/** Percent-encodes all but ASCII letters, digits, `_.!~*'()-` and what else is safe. */
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

/** The links of the reference's text environment, all to `/` with a query. */
export function environmentLinks(sessionId: string): PageLinks {
  const start = `/?session_id=${quoteSession(sessionId)}`;
  const parameter = (name: string, value: string): string => `&${name}=${quoteWithPluses(value)}`;
  // All links of a page lead to the same search.
  let lastKeywords: readonly string[] = [];
  let search = "";
  const found = (keywords: readonly string[], pageNumber: number): string => {
    if (keywords !== lastKeywords) {
      lastKeywords = keywords;
      search = keywords.map((keyword) => parameter("keywords", keyword)).join("");
    }
    return `${search}&page=${pageNumber}`;
  };
  const optionsParameter = (options: ChosenOptions): string =>
    parameter("options", pythonDict(options));
  const itemStart = ({ asin, keywords, pageNumber }: ItemPlace): string =>
    `${start}${parameter("asin", asin)}${found(keywords, pageNumber)}&options=`;
  return {
    search: () => start,
    results: (keywords, pageNumber) => `${start}${found(keywords, pageNumber)}`,
    item: (place) => itemStart(place) + quoteWithPluses(pythonDict(place.options)),
    itemStart,
    quoteOptions: quoteWithPluses,
    sub: ({ asin, keywords, pageNumber, options }, subPage) =>
      `${start}${parameter("asin", asin)}${found(keywords, pageNumber)}&sub_page=${subPage}${optionsParameter(options)}`,
    done: (asin, options) => `${start}${parameter("asin", asin)}${optionsParameter(options)}`,
  };
}

/**
 * The links of the web site: paths that hold Python literals, as the reference's.
 * @param keepsSlashes - Leaves slashes within a part as they are, which then cannot be found.
 */
export function siteLinks(sessionId: string, keepsSlashes: boolean): PageLinks {
  const quote = keepsSlashes ? quotePartWithSlashes : quotePart;
  const link = (...parts: readonly string[]): string => `/${parts.map(quote).join("/")}`;
  const itemStart = ({ asin, keywords, pageNumber }: ItemPlace): string =>
    `${link("item_page", sessionId, asin, pythonList(keywords), String(pageNumber))}/`;
  return {
    search: () => link(sessionId),
    results: (keywords, pageNumber) =>
      link("search_results", sessionId, pythonList(keywords), String(pageNumber)),
    item: (place) => itemStart(place) + quote(pythonDict(place.options)),
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
