import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { shopEnvironment } from "../agent/shop-environment.ts";
import { shopOracle } from "../agent/shop-oracle.ts";
import { cleanProduct } from "../catalogue/clean-product.ts";
import { createCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/product.ts";
import { buildStoredCatalogue, openStoredCatalogue } from "../catalogue/stored-catalogue.ts";
import { Shop } from "./shop.ts";
import { ShopSession } from "./shop-session.ts";

const hostileWords = (
  "Large [2 Pack]~[~]~a]b~x [y] [z]~~ ~\n~a\nb~\u00a0~/~a/b~buy now~Search~Next >~< Prev~" +
  "Back to Search~Reviews~size: small~small~SMALL~red~1877black~product: b1~İ~ΑΣ~★~it's~\"~{}~%~" +
  "search[x]~click[buy now]~__proto__~constructor~b0"
).split("~");

/**
 * Values and names that contain syntax, equal a button or each other, or consist of white space.
 */
const word = fc.oneof(
  fc.constantFrom(...hostileWords),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const price = fc.constantFrom(
  "",
  "$5",
  "$9.50",
  "$10.00$5.00",
  "$969.99",
  "$985",
  "$3,000,000",
  "$0",
);
const entry = fc.record({
  name: fc.oneof(word, fc.constant("dog dog dog dog dog dog dog dog dog dog dog dog")),
  pricing: price,
  customization_options: fc.dictionary(
    word,
    fc.array(fc.record({ value: word }), { maxLength: 3 }),
    { maxKeys: 3 },
  ),
  small_description: fc.array(word, { maxLength: 2 }),
  query: word,
  product_category: fc.constantFrom("", "a › b", "Clothing › Bags"),
});

function productsOf(
  entries: readonly object[],
  asins: readonly string[],
  asked: readonly string[],
): Product[] {
  return entries.flatMap((fields, i) => {
    const asin = asins[i]!;
    const attributes = new Map([
      [asin, { attributes: ["soft"], instruction: "Find me a bag", instructionAttributes: asked }],
    ]);
    const annotations = { attributes, humanInstructions: new Map() };
    return cleanProduct({ ...fields, asin }, `products[${i}]`, annotations) ?? [];
  });
}

const catalogueParts = fc.record({
  entries: fc.array(entry, { minLength: 1, maxLength: 4 }),
  asked: fc.array(word, { minLength: 1, maxLength: 2 }),
  asins: fc.constantFrom(
    ["B0", "B1", "B2", "B3"],
    ["BUY NOW", "NEXT >", "SEARCH", "REVIEWS"],
    ["★", "[X]", "A]", "Q W"],
  ),
});

function shopOf(products: readonly Product[]): Shop | undefined {
  const catalogue = createCatalogue(products);
  const { numVariants } = catalogue.goalFacts.synthetic.repaired;
  return numVariants.some((count) => count > 0) ? new Shop(catalogue) : undefined;
}

/** Plays the oracle on a goal; returns the score of its purchase. */
function playOracle(shop: Shop, goalIndex: number): number {
  const session = new ShopSession(shop, goalIndex);
  const oracle = shopOracle(shop, goalIndex);
  for (let turn = 0; turn < 60; turn++) {
    const action = oracle.next(session.observe());
    if (action === undefined) return -1;
    const { isDone, reward } = session.act(action);
    if (isDone) return reward;
  }
  return -1;
}

describe("any catalogue", () => {
  it("has no unreachable synthetic goal", () => {
    fc.assert(
      fc.property(catalogueParts, ({ entries, asins, asked }) => {
        const shop = shopOf(productsOf(entries, asins, asked));
        for (let i = 0; i < (shop?.goals.size ?? 0); i++) {
          expect([i, playOracle(shop!, i)]).toEqual([i, 1]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("lists only parts that can be clicked", () => {
    fc.assert(
      fc.property(catalogueParts, ({ entries, asins, asked }) => {
        const shop = shopOf(productsOf(entries, asins, asked));
        if (shop === undefined) return;
        const { asin } = shop.goals.goal(0);
        const open = (): ShopSession => {
          const session = new ShopSession(shop, 0);
          session.act(`search[${asin}]`);
          return session;
        };
        const item = (): ShopSession => {
          const session = open();
          const name = [...session.availableActions.clickables].find((click) => {
            const { page } = session;
            session.act(`click[${click}]`);
            const isOpen = session.page.name === "item" && session.page.product.asin === asin;
            if (!isOpen && session.page !== page) session.act(`search[${asin}]`);
            return isOpen;
          });
          expect(name).toBeDefined();
          return session;
        };
        for (const start of [open, item]) {
          for (const name of start().availableActions.clickables) {
            const session = start();
            const { page } = session;
            session.act(`click[${name}]`);
            expect([name, session.page === page]).toEqual([name, false]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const bags = (options: object): Product[] =>
  productsOf(
    [{ name: "Canvas bag B1", pricing: "$9.50", query: "bags", customization_options: options }],
    ["B1"],
    ["soft"],
  );
const folder = mkdtempSync(join(tmpdir(), "webshop-hostile-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("option values", () => {
  it("with brackets can be clicked as listed, in every mode", async () => {
    const products = bags({ size: [{ value: "Large [2 Pack]" }, { value: "small" }] });
    const shop = new Shop(createCatalogue(products));
    const wanted = shop.goals.goal(0).instructionText.includes("[2 pack]") ? 0 : 1;
    for (const mode of ["text", "react", "compact"] as const) {
      const environment = shopEnvironment(shop, wanted, { mode });
      await environment.reset();
      await environment.step("search[canvas bag]");
      await environment.step(mode === "compact" ? "click[1]" : "click[b1]");
      await environment.step("click[large [2 pack]]");
      expect(await environment.step("click[buy now]")).toMatchObject({ score: 1 });
    }
    // WebShop's code reads the action as `click[large ` and `2 pack]`.
    const session = new ShopSession(
      new Shop(createCatalogue(products), { compat: "reference" }),
      0,
    );
    session.act("search[canvas bag]");
    session.act("click[b1]");
    session.act("click[large [2 pack]]");
    expect(session.act("click[buy now]").purchase?.options).toEqual({});
  });

  it("that are blank are not offered, and no goal asks for them", async () => {
    const products = bags({ color: [{ value: "" }, { value: "red" }], fit: [{ value: " " }] });
    const stored = join(folder, "blank");
    await buildStoredCatalogue(stored, products);
    const opened = openStoredCatalogue(stored);
    const goals = (catalogue: Catalogue, compat: "none" | "reference"): number =>
      new Shop(catalogue, { compat }).goals.size;
    for (const catalogue of [createCatalogue(products), opened]) {
      // WebShop's code creates a goal for each value, even for white space.
      expect([goals(catalogue, "none"), goals(catalogue, "reference")]).toEqual([1, 2]);
      const shop = new Shop(catalogue);
      expect(shop.goals.goal(0).options).toEqual({ kind: "named", entries: [["color", "red"]] });
      expect(playOracle(shop, 0)).toBe(1);
    }
    opened.close();
  });

  it("that repeat in another option, or equal a button, are listed with their option", () => {
    const sizes = [{ value: "small" }, { value: "Buy Now" }];
    const shop = new Shop(createCatalogue(bags({ top: sizes, bottom: sizes })));
    const session = new ShopSession(shop, 0);
    session.act("search[b1]");
    session.act("click[b1]");
    expect(session.availableActions.clickables.slice(5)).toEqual([
      "buy now",
      "small",
      "top: buy now",
      "bottom: small",
      "bottom: buy now",
    ]);
    session.act("click[small]");
    session.act("click[bottom: buy now]");
    expect(session.act("click[buy now]").purchase?.options).toEqual({
      top: "small",
      bottom: "buy now",
    });
  });

  it("with too many combinations are rejected in one line that names the product", () => {
    const group = Array.from({ length: 10 }, (_, i) => ({ value: `v${i}` }));
    const options = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`g${i}`, group]));
    for (const [count, total] of [
      [8, "100000000"],
      [20, "100000000000000000000"],
    ] as const) {
      const catalogue = createCatalogue(bags(options(count)));
      expect(() => new Shop(catalogue)).toThrow(
        `product B1: options must have at most 1000000 combinations for synthetic goals, got ${total} (${Array.from({ length: count }, () => 10).join(" x ")})`,
      );
    }
    expect(new Shop(createCatalogue(bags(options(4)))).goals.size).toBe(10_000);
  });
});
