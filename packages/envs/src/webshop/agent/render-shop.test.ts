import type { ShopState } from "@turnwise/core";
import { expect, it } from "vitest";
import { embeddedShop } from "../generator/embedded-shop.ts";
import { shopEnvironment } from "./shop-environment.ts";
import { shopOracle } from "./shop-oracle.ts";

it("shows each page of a purchase, with the options as they are chosen", async () => {
  const shop = embeddedShop();
  const environment = shopEnvironment(shop, 0);
  const oracle = shopOracle(shop, 0);
  let { text } = await environment.reset();
  const render = async (): Promise<ShopState> => (await environment.render!()) as ShopState;
  const states = [await render()];
  for (let action = oracle.next(text); action !== undefined; action = oracle.next(text)) {
    ({ text } = await environment.step(action));
    states.push(await render());
  }
  const { instructionText, asin, name, options } = shop.goals.goal(0);
  const [first, results] = states;
  const last = states.at(-1)!;
  const start = { kind: "shop", version: 1, instruction: instructionText };
  expect(first).toEqual({ ...start, page: "search" });
  expect(results).toMatchObject({ ...start, page: "results", pageNumber: 1 });
  expect(results!.results!.length).toBe(Math.min(10, results!.numResults!));
  const product = states.find(({ page }) => page === "product")!.product!;
  expect(product).toMatchObject({ id: asin, title: name });
  expect(product.options.every(({ chosen }) => chosen === null)).toBe(true);
  expect(last).toMatchObject({ page: "purchase", score: 1 });
  const chosen = last.product!.options.filter((option) => option.chosen !== null);
  const wanted = options.kind === "named" ? options.entries.map(([, value]) => value) : [];
  expect(new Set(chosen.map((option) => option.chosen))).toEqual(new Set(wanted));
});

it("shows a section of a product", async () => {
  const shop = embeddedShop();
  const environment = shopEnvironment(shop, 0);
  const { asin } = shop.goals.goal(0);
  for (const action of [`search[${asin}]`, `click[${asin}]`, "click[Description]"]) {
    await environment.step(action);
  }
  expect(await environment.render!()).toMatchObject({
    page: "section",
    section: "Description",
    query: asin.toLowerCase(),
    product: { id: asin },
  });
});
