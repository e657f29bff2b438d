import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generateProducts } from "../generator/generate-products.ts";
import { Searcher } from "../search/searcher.ts";
import { Shop } from "../session/shop.ts";
import { createCatalogue } from "./catalogue.ts";
import { buildStoredCatalogue, openStoredCatalogue } from "./stored-catalogue.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "webshop-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a stored catalogue", () => {
  it("is the one that was written: products, search, prices and goals", async () => {
    const products = generateProducts({ numProducts: 80 });
    expect(await buildStoredCatalogue(folder, products)).toBe(80);
    const stored = openStoredCatalogue(folder);
    const made = createCatalogue(products);
    expect(Array.from({ length: 80 }, (_, i) => stored.product(i))).toEqual(products);
    for (const { asin } of products) {
      expect(stored.positionOf(asin)).toBe(made.positionOf(asin));
    }
    expect(stored.positionOf("nothing")).toBeUndefined();
    for (const query of ["organic green tea pack of 4", "red sweaters", "zzz"]) {
      expect(new Searcher(stored.index).search(query)).toEqual(
        new Searcher(made.index).search(query),
      );
    }
    for (const goals of ["synthetic", "human"] as const) {
      const a = new Shop(stored, { goals });
      const b = new Shop(made, { goals });
      expect(a.prices).toEqual(b.prices);
      expect(a.goals.size).toBe(b.goals.size);
      expect(a.goals.goal(17)).toEqual(b.goals.goal(17));
      expect(a.drawGoal()).toBe(b.drawGoal());
    }
    expect(() => stored.product(80)).toThrow("position must be a whole number in [0, 79], got 80");
    stored.close();
  });

  it("says which file is missing, cut off or of another version", async () => {
    expect(() => openStoredCatalogue(folder)).toThrow(/catalogue\.json: the file must hold/u);
    await expect(buildStoredCatalogue(folder, [])).rejects.toThrow(
      "the catalogue must hold a product, got none",
    );
    await buildStoredCatalogue(folder, generateProducts({ numProducts: 3 }));
    await truncate(join(folder, "tables.bin"), 40);
    expect(() => openStoredCatalogue(folder)).toThrow(
      /tables\.bin: the file must hold \d+ bytes, got 40/u,
    );
    await writeFile(join(folder, "catalogue.json"), '{"version": 9}');
    expect(() => openStoredCatalogue(folder)).toThrow("version must be 1, got 9");
  });
});
