import { pythonDict, pythonList } from "../python/python-text.ts";
import type { SubPage } from "./page.ts";

/** Options in order of choice. */
export type ChosenOptions = Iterable<readonly [string, string]>;

/** Where the links and buttons of a page lead. */
export interface PageLinks {
  search(): string;
  results(keywords: readonly string[], pageNumber: number): string;
  item(place: ItemPlace): string;
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

/** Percent-encodes all but unreserved characters and those that are named. */
function quote(text: string, safe: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "\ufffd")).replaceAll(
    /%[0-9A-F]{2}/gu,
    (code) => {
      const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return safe.includes(character) ? character : code;
    },
  );
}

/** The links of the reference's text environment, all to `/` with a query. */
export function environmentLinks(sessionId: string): PageLinks {
  const link = (parameters: readonly (readonly [string, string])[]): string => {
    const parts = parameters.map(
      ([name, value]) => `&${name}=${quote(value, "$,/:;?@ ").replaceAll(" ", "+")}`,
    );
    return `/?session_id=${quote(sessionId, "$,/:;?@")}${parts.join("")}`;
  };
  const found = (
    keywords: readonly string[],
    pageNumber: number,
  ): (readonly [string, string])[] => [
    ...keywords.map((keyword) => ["keywords", keyword] as const),
    ["page", String(pageNumber)],
  ];
  return {
    search: () => link([]),
    results: (keywords, pageNumber) => link(found(keywords, pageNumber)),
    item: ({ asin, keywords, pageNumber, options }) =>
      link([["asin", asin], ...found(keywords, pageNumber), ["options", pythonDict(options)]]),
    sub: ({ asin, keywords, pageNumber, options }, subPage) =>
      link([
        ["asin", asin],
        ...found(keywords, pageNumber),
        ["sub_page", subPage],
        ["options", pythonDict(options)],
      ]),
    done: (asin, options) =>
      link([
        ["asin", asin],
        ["options", pythonDict(options)],
      ]),
  };
}

/**
 * The links of the web site: paths that hold Python literals, as the reference's.
 * @param keepsSlashes - Leaves slashes within a part as they are, which then cannot be found.
 */
export function siteLinks(sessionId: string, keepsSlashes: boolean): PageLinks {
  const safe = keepsSlashes ? "$&+,/:;=@" : "$&+,:;=@";
  const link = (...parts: readonly string[]): string =>
    `/${parts.map((part) => quote(part, safe)).join("/")}`;
  return {
    search: () => link(sessionId),
    results: (keywords, pageNumber) =>
      link("search_results", sessionId, pythonList(keywords), String(pageNumber)),
    item: ({ asin, keywords, pageNumber, options }) =>
      link(
        "item_page",
        sessionId,
        asin,
        pythonList(keywords),
        String(pageNumber),
        pythonDict(options),
      ),
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
