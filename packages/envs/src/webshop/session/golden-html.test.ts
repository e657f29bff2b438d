import { describe, expect, it } from "vitest";
import { readPythonDict } from "../python/python-literal.ts";
import { goldenRows, hasReferenceData, referenceShop } from "../testing/reference-data.ts";
import type { Shop } from "./shop.ts";
import { ShopSession } from "./shop-session.ts";

/** Searches, turns pages and clicks until a session is at a URL; URLs of the final page buy. */
function walkTo(session: ShopSession, shop: Shop, url: string): void {
  const [pageName, , ...rest] = url.slice(1).split("/");
  if (rest.length === 0) return;
  if (pageName === "done") {
    const [asin, options] = rest;
    session.search(shop.catalogue.product(shop.catalogue.positionOf(asin!)!).title);
    walkFromResults(session, asin!, options!);
    session.click("buy now");
    return;
  }
  const [asin, keywords, pageNumber] =
    pageName === "search_results" ? [undefined, ...rest] : [rest[0]!, ...rest.slice(1)];
  session.search(keywords!.replaceAll("+", " "));
  for (let page = 1; page < Number(pageNumber); page++) session.click("next >");
  if (asin === undefined) return;
  walkFromResults(session, asin, rest.at(-1)!);
  if (pageName === "item_sub_page") session.click(rest[3]!.toLowerCase());
}

function walkFromResults(session: ShopSession, asin: string, options: string): void {
  session.click(asin.toLowerCase());
  for (const value of readPythonDict(options)!.values()) session.click(value);
}

describe.skipIf(!hasReferenceData)("mode html, compared with the reference", () => {
  it("equals the recorded source of every sampled page, character for character", async () => {
    const shops = new Map<string, Shop>([
      ["synthetic", await referenceShop()],
      ["human", await referenceShop({ goals: "human" })],
    ]);
    let numEqual = 0;
    for (const { goals, goal_index: goal, url, html } of goldenRows("golden/html_samples")) {
      const shop = shops.get(goals)!;
      const session = new ShopSession(shop, goal);
      walkTo(session, shop, url);
      expect({ url: session.url, html: session.observe("html") }).toEqual({ url, html });
      numEqual += 1;
    }
    expect(numEqual).toBe(68);
  });
});
