import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGames } from "./alfworld/open-games.ts";
import { loadInstances } from "./swebench/instances/load-instances.ts";
import { readCatalogue } from "./webshop/catalogue/read-products.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zip-"));
  path = join(folder, "released.zip");
  // Header of the first entry of a zip archive, and some compressed bytes.
  await writeFile(path, Buffer.from("504b03041400000008000000210000ff7f80", "hex"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a zip archive in place of a data file", () => {
  it("is reported with the command to unpack it", async () => {
    const message = `${path}: the file must be unpacked first (unzip FILE), got a zip archive`;
    await expect(openGames(path)).rejects.toThrow(message);
    await expect(loadInstances(path)).rejects.toThrow(message);
    await expect(readCatalogue({ products: path, attributes: path })).rejects.toThrow(message);
  });
});
