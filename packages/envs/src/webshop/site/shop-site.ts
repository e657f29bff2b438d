import { checkInteger, createRandom, type Random } from "@turnwise/core";
import type { Product } from "../catalogue/product.ts";
import { pageHtml } from "../pages/page-html.ts";
import { siteLinks } from "../pages/page-links.ts";
import { pageSlice, subPages, type Page } from "../pages/page.ts";
import { readPythonDict, readPythonList } from "../python/python-literal.ts";
import { shoppingReward } from "../reward/shopping-reward.ts";
import type { Goal } from "../goals/goal.ts";
import type { Shop } from "../session/shop.ts";
import { pageScript, placeholderPicture, styleSheet } from "./site-assets.ts";
import { siteFrame } from "./site-frame.ts";

/** The parts of a request that the site uses. */
export interface SiteRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly url: string;
  /** Fields of a posted form. */
  readonly form: ReadonlyMap<string, string>;
}

/** Response of the site. */
export interface SiteResponse {
  readonly status: number;
  readonly contentType: string;
  readonly location?: string;
  readonly body: string;
}

/** Options of a site. */
export interface ShopSiteOptions {
  /** Maximum number of sessions; the least recently used are evicted. Default 10,000. */
  readonly maxSessions?: number;
  /** Links the catalogue's images, which are on other servers. Default false. */
  readonly showPictures?: boolean;
  /**
   * Seed for the goals of sessions whose URL names no goal, and for new session ids. Default
   * `"site"`.
   */
  readonly seed?: string;
}

interface SiteSession {
  readonly goal: Goal;
  /** Page of the purchase; a visit can buy only once. */
  receipt?: string;
}

/** A request that cannot be answered: status and a message for people. */
class SiteError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const html = "text/html; charset=utf-8";

/**
 * Maximum length of a search URL, characters: browsers and servers truncate or reject much longer
 * ones.
 */
const maxAddressLength = 8000;

/**
 * The shop as a web site without a server: requests in, responses out. URLs, ids and classes are
 * WebShop's, so that agents made for its site work here.
 *
 * A session starts with its first page `/<session>`; `fixed_<i>` gets goal `i`, and any other
 * name gets a goal drawn by weight. Opening that page again starts a new visit with the same goal. The site
 * stores a session's goal and purchase; everything else is in the URLs. With the shop's
 * `compat: "reference"`, a URL may contain options that the product does not have, a session may
 * buy again, `/` leads to the single session `abc`, and queries with a slash are not found.
 */
export class ShopSite {
  readonly #shop: Shop;
  readonly #sessions = new Map<string, SiteSession>();
  readonly #maxSessions: number;
  readonly #showPictures: boolean;
  readonly #random: Random;

  constructor(shop: Shop, options: ShopSiteOptions = {}) {
    const { maxSessions = 10_000, showPictures = false, seed = "site" } = options;
    checkInteger("ShopSite", { maxSessions }, { min: 1 });
    this.#shop = shop;
    this.#maxSessions = maxSessions;
    this.#showPictures = showPictures;
    this.#random = createRandom(seed);
  }

  /** Number of stored sessions. */
  get numSessions(): number {
    return this.#sessions.size;
  }

  /** Answers a request. No request makes it throw. */
  handle(request: SiteRequest): SiteResponse {
    try {
      if (request.method !== "GET" && request.method !== "POST" && request.method !== "HEAD") {
        throw new SiteError(405, "Only GET, HEAD and POST requests are answered here.");
      }
      return this.#route(request);
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      return { status: error.status, contentType: html, body: errorPage(error) };
    }
  }

  get #isReference(): boolean {
    return this.#shop.compat === "reference";
  }

  #route(request: SiteRequest): SiteResponse {
    const path = request.url.split(/[?#]/u, 1)[0]!;
    const parts = path.split("/").slice(1).map(decodePart);
    const [first = "", ...rest] = parts;
    if (parts.length === 1 && first === "") return redirect(`/${this.#newSessionId()}`);
    if (first === "static") return asset(rest);
    if (parts.length === 1) return this.#index(first, request);
    const [id = "", ...itemParts] = rest;
    if (first === "search_results" && itemParts.length === 2) return this.#results(id, itemParts);
    if (first === "item_page" && itemParts.length === 4) return this.#item(id, itemParts);
    if (first === "item_sub_page" && itemParts.length === 5) return this.#sub(id, itemParts);
    if (first === "done" && itemParts.length === 2) return this.#done(id, itemParts);
    throw new SiteError(404, "There is no such page.");
  }

  #newSessionId(): string {
    if (this.#isReference) return "abc";
    return Array.from({ length: 10 }, () => this.#random.integer(36).toString(36)).join("");
  }

  #session(id: string): SiteSession {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw new SiteError(404, "There is no such session. Begin at the search page.");
    }
    // Move to the end: most recently used.
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  #index(id: string, { method, form }: SiteRequest): SiteResponse {
    if (!this.#sessions.has(id)) {
      this.#sessions.set(id, { goal: this.#shop.goals.goal(this.#goalOf(id)) });
      if (this.#sessions.size > this.#maxSessions) {
        this.#sessions.delete(this.#sessions.keys().next().value!);
      }
    }
    const session = this.#session(id);
    // The start page starts a new visit, even if its form is sent again.
    delete session.receipt;
    const query = form.get("search_query");
    if (method === "POST" && query !== undefined) {
      const address = this.#links(id).results(query.toLowerCase().split(" "), 1);
      if (address.length <= maxAddressLength) return redirect(address);
      throw new SiteError(
        413,
        `The query is too long: it has ${query.length} characters, and its URL would have ${address.length} of at most ${maxAddressLength}. Use fewer words.`,
      );
    }
    return this.#show(id, { name: "search", instruction: session.goal.instructionText });
  }

  #goalOf(id: string): number {
    const { size } = this.#shop.goals;
    if (!id.startsWith("fixed_")) return this.#shop.drawGoal();
    const index = /^fixed_\d{1,9}$/u.test(id) ? Number(id.slice("fixed_".length)) : size;
    if (index < size) return index;
    throw new SiteError(404, `Fixed sessions are fixed_0 to fixed_${size - 1}.`);
  }

  #results(id: string, [keywordText = "", pageText = ""]: readonly string[]): SiteResponse {
    const { goal } = this.#session(id);
    const keywords = readKeywords(keywordText);
    const { products, fault } = this.#shop.search(keywords);
    if (fault !== undefined) throw new SiteError(500, fault);
    const pageNumber = readPageNumber(pageText);
    return this.#show(id, {
      name: "results",
      instruction: goal.instructionText,
      keywords,
      pageNumber,
      numResults: products.length,
      products: pageSlice(products, pageNumber),
    });
  }

  #item(id: string, itemParts: readonly string[]): SiteResponse {
    const [asin = "", keywordText = "", pageText = "", optionText = ""] = itemParts;
    const { goal } = this.#session(id);
    const product = this.#product(asin);
    return this.#show(id, {
      name: "item",
      instruction: goal.instructionText,
      keywords: readKeywords(keywordText),
      pageNumber: readPageNumber(pageText),
      product,
      options: this.#options(product, optionText),
      showsAttributes: this.#shop.showAttributes,
    });
  }

  #sub(id: string, itemParts: readonly string[]): SiteResponse {
    const [asin = "", keywordText = "", pageText = "", subText = "", optionText = ""] = itemParts;
    const { goal } = this.#session(id);
    const product = this.#product(asin);
    const subPage = subPages.find((name) => name === subText);
    if (subPage === undefined || (subPage === "Attributes" && !this.#shop.showAttributes)) {
      throw new SiteError(404, "There is no such page.");
    }
    return this.#show(id, {
      name: "sub",
      instruction: goal.instructionText,
      keywords: readKeywords(keywordText),
      pageNumber: readPageNumber(pageText),
      product,
      options: this.#options(product, optionText),
      subPage,
    });
  }

  #done(id: string, [asin = "", optionText = ""]: readonly string[]): SiteResponse {
    const session = this.#session(id);
    if (session.receipt !== undefined && !this.#isReference) return page(session.receipt);
    const { goal } = session;
    const product = this.#product(asin);
    const options = this.#options(product, optionText);
    const price = this.#shop.prices[this.#shop.catalogue.positionOf(asin)!]!;
    const { reward, details } = shoppingReward(
      goal,
      { product, price, options },
      this.#shop.titleNouns,
      this.#isReference ? "reference" : "exact",
    );
    const instruction = goal.instructionText;
    const bought = { name: "done", instruction, product, options, reward, details } as const;
    session.receipt = this.#show(id, bought).body;
    return page(session.receipt);
  }

  #product(asin: string): Product {
    const product = this.#shop.productOf(asin);
    if (product === undefined) throw new SiteError(404, "There is no such product.");
    return product;
  }

  #options(product: Product, text: string): ReadonlyMap<string, string> {
    const options = readPythonDict(text);
    if (options === undefined) throw new SiteError(400, "The options cannot be read.");
    if (this.#isReference) return options;
    for (const [name, value] of options) {
      const group = product.options.find((option) => option.name === name);
      if (group?.values.includes(value) !== true) {
        throw new SiteError(400, "The product does not come with these options.");
      }
    }
    return options;
  }

  #links(id: string) {
    return siteLinks(id, this.#isReference);
  }

  #show(id: string, content: Page): SiteResponse {
    const { goal } = this.#sessions.get(id)!;
    return page(pageHtml(content, siteFrame(goal, id, this.#links(id), this.#showPictures)));
  }
}

function page(body: string): SiteResponse {
  return { status: 200, contentType: html, body };
}

function redirect(location: string): SiteResponse {
  return { status: 302, contentType: html, location, body: "" };
}

function asset(parts: readonly string[]): SiteResponse {
  const name = parts.length === 1 ? parts[0] : undefined;
  if (name === "style.css") {
    return { status: 200, contentType: "text/css; charset=utf-8", body: styleSheet };
  }
  if (name === "shop.js") {
    return { status: 200, contentType: "text/javascript; charset=utf-8", body: pageScript };
  }
  if (name === "product.svg") {
    return { status: 200, contentType: "image/svg+xml", body: placeholderPicture };
  }
  throw new SiteError(404, "There is no such file.");
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SiteError(400, "The address is not percent-encoded UTF-8.");
  }
}

/** Reads a Python list of words or, as some agents send it, the query itself. */
function readKeywords(text: string): readonly string[] {
  if (!text.startsWith("[")) return [text];
  const keywords = readPythonList(text);
  if (keywords === undefined || keywords.length === 0) {
    throw new SiteError(400, "The search words cannot be read.");
  }
  return keywords;
}

function readPageNumber(text: string): number {
  if (/^\d{1,6}$/u.test(text)) return Number(text);
  throw new SiteError(400, "The page must be a number.");
}

/** Page that explains why a request cannot be answered. `message` is not escaped. */
export function errorPage({
  status,
  message,
}: {
  readonly status: number;
  readonly message: string;
}): string {
  return `<!doctype html>
<html lang=en>
<head><meta charset="utf-8"><title>${status}</title><link rel="stylesheet" href="/static/style.css"></head>
<body><div class="container"><h2>${status}</h2><p>${message}</p><p><a class="btn" href="/">Start again</a></p></div></body>
</html>`;
}
