import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
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
  it("equals the written one: products, search, prices and goals", async () => {
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
    expect(() => stored.product(80)).toThrow("position must be an integer in [0, 79], got 80");
    stored.close();
  });

  it("replaces another one only as a whole; an error leaves the old one unchanged", async () => {
    const old = generateProducts({ numProducts: 20 });
    await buildStoredCatalogue(folder, old);
    await writeFile(join(folder, "notes.txt"), "mine");
    // Folder of a process that was killed; process ids are below 2 ** 22.
    await mkdir(join(folder, ".building-4194305-abc"));
    const names = await readdir(folder);
    const searchStored = (): object[] => {
      const stored = openStoredCatalogue(folder);
      const hits = new Searcher(stored.index).search("organic green tea");
      stored.close();
      return hits;
    };
    const before = searchStored();
    const opened = openStoredCatalogue(folder);
    async function* failMidway() {
      yield* generateProducts({ numProducts: 200, seed: 2 });
      await Promise.reject(new Error("products[200].pricing must be prices"));
    }
    await expect(buildStoredCatalogue(folder, failMidway())).rejects.toThrow("products[200]");
    expect(searchStored()).toEqual(before);
    expect(await readdir(folder)).toEqual(names.filter((name) => !name.startsWith(".building")));
    await buildStoredCatalogue(folder, generateProducts({ numProducts: 200, seed: 2 }));
    expect(searchStored()).not.toEqual(before);
    expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
    // A catalogue that is already open keeps the old products.
    expect(Array.from({ length: 20 }, (_, i) => opened.product(i))).toEqual(old);
    opened.close();
    const fresh = join(folder, "fresh");
    await expect(buildStoredCatalogue(fresh, failMidway())).rejects.toThrow("products[200]");
    expect(await readdir(folder)).not.toContain("fresh");
  });

  it("is rejected if a byte of any file changed, or files of two catalogues are mixed", async () => {
    await buildStoredCatalogue(folder, generateProducts({ numProducts: 20 }));
    const other = join(folder, "other");
    await buildStoredCatalogue(other, generateProducts({ numProducts: 20, seed: 2 }));
    for (const name of ["products.bin", "postings.bin", "tables.bin", "asins.txt", "terms.txt"]) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      const flipped = Buffer.from(bytes);
      flipped[flipped.length >> 1]! ^= 1;
      for (const content of [
        flipped,
        bytes.subarray(0, -1),
        Buffer.concat([bytes, bytes.subarray(0, 1)]),
        Buffer.alloc(0),
        await readFile(join(other, name)),
      ]) {
        if (content.equals(bytes)) continue;
        await writeFile(path, content);
        expect(() => openStoredCatalogue(folder)).toThrow(
          /(?:bytes|CRC-32).*, got \d+; the catalogue is damaged: write it again/u,
        );
      }
      await rm(path);
      expect(() => openStoredCatalogue(folder)).toThrow(`${path}: the file cannot be read`);
      await writeFile(path, bytes);
    }
    openStoredCatalogue(folder).close();
    await writeFile(join(folder, "catalogue.json"), '{"version": 1, "numProducts": 20}');
    expect(() => openStoredCatalogue(folder)).toThrow(/files must have size and crc32.*convert/u);
  });

  it("names the file that is missing, truncated or of another version", async () => {
    expect(() => openStoredCatalogue(folder)).toThrow(/catalogue\.json: the file cannot be read/u);
    await expect(buildStoredCatalogue(folder, [])).rejects.toThrow(
      "the catalogue contains no product",
    );
    await buildStoredCatalogue(folder, generateProducts({ numProducts: 3 }));
    await truncate(join(folder, "tables.bin"), 40);
    expect(() => openStoredCatalogue(folder)).toThrow(
      /tables\.bin: the file must have \d+ bytes, got 40/u,
    );
    await writeFile(join(folder, "catalogue.json"), '{"version": 9}');
    expect(() => openStoredCatalogue(folder)).toThrow("version must be 1, got 9");
  });
});
