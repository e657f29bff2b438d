import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CatalogueError } from "./catalogue-error.ts";
import { jsonElements } from "./json-elements.ts";
import { readCatalogue, readProducts } from "./read-products.ts";
import type { Product } from "./product.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "webshop-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

async function load(products: unknown, attributes: unknown = {}): Promise<Product[]> {
  const files = { products: join(folder, "p.json"), attributes: join(folder, "a.json") };
  const text = typeof products === "string" ? products : JSON.stringify(products);
  await writeFile(files.products, text);
  await writeFile(files.attributes, JSON.stringify(attributes));
  return all(readProducts(files));
}

const least = { asin: "B1", name: "Red Scarf" };

describe("readProducts", () => {
  it("cleans prices, options and lists as the reference does", async () => {
    const [product] = await load(
      [
        {
          ...least,
          pricing: "$19.99$27.99",
          small_description: "Soft",
          query: " Scarves ",
          images: ["i.jpg"],
          customization_options: {
            Size: [{ value: " S/M " }, { value: "L", image: "l.jpg" }],
            color: null,
          },
        },
      ],
      { B1: { attributes: ["soft wool"], instruction: "Find me", instruction_attributes: ["x"] } },
    );
    expect(product).toEqual({
      asin: "B1",
      title: "Red Scarf",
      description: "",
      bulletPoints: ["Soft"],
      pricing: [19.99, 27.99],
      priceText: "$19.99 to $27.99",
      options: [{ name: "size", values: ["s | m", "l"] }],
      optionImages: [
        ["s | m", null],
        ["l", "l.jpg"],
      ],
      attributes: ["soft wool"],
      category: "",
      query: "scarves",
      productCategory: "",
      mainImage: "i.jpg",
      instruction: { text: "Find me", attributes: ["x"] },
    });
  });

  it("gives products without a price 100 dollars, and without attributes a dummy", async () => {
    const [product] = await load([least]);
    expect(product).toMatchObject({
      pricing: [100],
      priceText: "$100.0",
      options: [],
      attributes: ["DUMMY_ATTR"],
      mainImage: "",
    });
  });

  it("skips entries without asin, with a long one, and repeats", async () => {
    const entries = [
      least,
      { ...least, name: "Again" },
      { ...least, asin: "nan" },
      { ...least, asin: "12345678901" },
    ];
    expect((await load(entries)).map(({ title }) => title)).toEqual(["Red Scarf"]);
  });

  it("names file, entry, field and value of an invalid entry", async () => {
    await expect(load([least, { asin: "B2" }])).rejects.toThrow(
      /p\.json: products\[1\]\.name must be a string, got undefined/u,
    );
    await expect(load([{ ...least, pricing: "$x" }])).rejects.toThrow(
      /products\[0\]\.pricing must be prices such as \$12\.00, got "\$x"/u,
    );
    await expect(load([{ ...least, customization_options: { a: [{}] } }])).rejects.toThrow(
      /products\[0\]\.customization_options\["a"\]\[0\]\.value must be a string, got undefined/u,
    );
    await expect(load([least], { B1: { attributes: [1] } })).rejects.toThrow(
      /a\.json: B1\.attributes must be a list of strings, got \[1\]/u,
    );
    await expect(load({ a: least })).rejects.toThrow(/must be a JSON list, got an object/u);
    await expect(load('[{"asin": "B1"')).rejects.toThrow(/must be complete, got "an end inside/u);
    await expect(load("[1 2]")).rejects.toThrow(/must have valid JSON in member 0, got "1 2"/u);
    await expect(
      readCatalogue({ products: join(folder, "none.json"), attributes: join(folder, "a.json") }),
    ).rejects.toThrow(/none\.json: the file cannot be read: ENOENT/u);
  });

  it("reads compressed files, and reports a truncated one", async () => {
    const bytes = gzipSync(JSON.stringify(Array.from({ length: 500 }, () => least)));
    const files = { products: join(folder, "p.json.gz"), attributes: join(folder, "a.json") };
    await writeFile(files.attributes, "{}");
    await writeFile(files.products, bytes);
    expect(await all(readProducts(files))).toHaveLength(1);
    await writeFile(files.products, bytes.subarray(0, 60));
    await expect(all(readProducts(files))).rejects.toThrow(/cannot be read: /u);
  });
});

describe("jsonElements", () => {
  const elements = (bytes: Uint8Array): Promise<[string | number, unknown][]> => {
    async function* once(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    return all(jsonElements(once(), "p.json"));
  };

  it("reads text with a byte order mark and in UTF-16, and rejects other bytes", async () => {
    const text = '\uFEFF["é", {"\uFEFF": 1}]';
    const wide = Buffer.from(text, "utf16le");
    for (const bytes of [Buffer.from(text), wide, Buffer.from(wide).swap16()]) {
      expect(await elements(bytes)).toEqual([
        [0, "é"],
        [1, { "\uFEFF": 1 }],
      ]);
    }
    await expect(elements(Buffer.from('["a", "é"]', "latin1"))).rejects.toThrow(
      'p.json: the file must be UTF-8 text, got "invalid bytes in member 1, from byte 5 on"',
    );
    const refused = elements(wide.subarray(2));
    await expect(refused).rejects.toThrow(CatalogueError);
    await expect(refused).rejects.toThrow(
      "p.json: text must be UTF-8, or UTF-16 with a byte order mark, got a zero byte at offset 1",
    );
  });

  it("agrees with JSON.parse, however the bytes are split", async () => {
    const value = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    await fc.assert(
      fc.asyncProperty(value, fc.integer({ min: 1, max: 9 }), async (wanted, size) => {
        const bytes = Buffer.from(JSON.stringify(wanted, null, 1));
        const chunks = (async function* () {
          for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
        })();
        const found = await all(jsonElements(chunks, "x"));
        const parsed: object = JSON.parse(bytes.toString());
        const entries = Array.isArray(parsed) ? [...parsed.entries()] : Object.entries(parsed);
        expect(found).toEqual(entries);
      }),
    );
  });
});
