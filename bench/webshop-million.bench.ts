/**
 * A stored catalogue of a million random products like the released ones (about 108 terms each, from a
 * Zipf distribution over half a million words): time to build and open it, memory, and searches per
 * second.
 *
 * Prints ratios to searching a thousandth of the products. Takes several minutes and 1 GB of disk; run
 * nothing else meanwhile. `PRODUCTS=100000` makes it smaller.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "@turnwise/core";
import {
  buildStoredCatalogue,
  openStoredCatalogue,
  Searcher,
  type Product,
} from "@turnwise/envs/webshop";

const numProducts = Number(process.env["PRODUCTS"] ?? 1_000_000);
const vocabularySize = 500_000;

/** Creates the word of a rank; frequent words are short. */
function word(rank: number): string {
  return `w${rank.toString(36)}`;
}

/** Draws a rank with probability about 1 / rank. */
function zipf(random: Random): number {
  return Math.floor(vocabularySize ** random.next());
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => word(zipf(random))).join(" ");
}

function* products(count: number): Generator<Product> {
  const random = createRandom("bench/webshop");
  for (let i = 0; i < count; i++) {
    const low = 3 + random.integer(200);
    yield {
      asin: `B${(i * 7919 + 12345).toString(36).toUpperCase().padStart(9, "0")}`,
      title: words(random, 17),
      description: words(random, 50),
      bulletPoints: [words(random, 30), words(random, 20)],
      pricing: i % 10 === 0 ? [low, low + 5] : [low],
      priceText: `$${low}.0`,
      options: [{ name: "color", values: [word(100 + (i % 50)), word(200 + (i % 70))] }],
      optionImages: [],
      attributes: [words(random, 2)],
      category: "garden",
      query: word(1 + (i % 3000)),
      productCategory: "",
      mainImage: "",
    };
  }
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** CPU time of all threads of this process, seconds. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

interface Served {
  readonly openSeconds: number;
  readonly numTerms: number;
  readonly residentBytes: number;
  /** Searches per CPU second, with 3 and with 20 words. */
  readonly short: number;
  readonly long: number;
}

/**
 * Opens a catalogue and searches it, in a new process that does not hold the memory of the build.
 */
function serve(folder: string): Served {
  let started = cpuSeconds();
  const catalogue = openStoredCatalogue(folder);
  const searcher = new Searcher(catalogue.index);
  const openSeconds = cpuSeconds() - started;
  const random = createRandom("bench/queries");
  const rate = (numWords: number): number => {
    const queries = Array.from({ length: 110 }, () => words(random, numWords));
    for (const query of queries.splice(0, 10)) searcher.search(query);
    started = cpuSeconds();
    let found = 0;
    for (const query of queries) found += searcher.search(query).length;
    if (found === 0) throw new Error("nothing was found");
    return queries.length / (cpuSeconds() - started);
  };
  const short = rate(3);
  const long = rate(20);
  return {
    openSeconds,
    numTerms: catalogue.index.terms.size,
    residentBytes: process.memoryUsage().rss,
    short,
    long,
  };
}

async function measure(count: number): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "webshop-bench-"));
  try {
    const started = cpuSeconds();
    await buildStoredCatalogue(folder, products(count));
    const buildSeconds = cpuSeconds() - started;
    const size = readdirSync(folder).reduce(
      (sum, name) => sum + statSync(join(folder, name)).size,
      0,
    );
    const output = execFileSync(process.execPath, [...process.execArgv, process.argv[1]!, folder]);
    const served: Served = JSON.parse(output.toString());
    console.log(
      `${count} products, ${served.numTerms} terms: built in ${buildSeconds.toFixed(1)} CPU s, ` +
        `${megabytes(size)} on disk, opened in ${served.openSeconds.toFixed(2)} CPU s, ` +
        `resident ${megabytes(served.residentBytes)}; ` +
        `${served.short.toFixed(0)} short and ${served.long.toFixed(0)} long searches per CPU second`,
    );
    return served;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const served = process.argv[2];
if (served === undefined) {
  const small = await measure(Math.ceil(numProducts / 1000));
  const large = await measure(numProducts);
  console.log(
    `a thousandth of the products is searched ${(small.short / large.short).toFixed(0)} times as fast with 3 words, ` +
      `${(small.long / large.long).toFixed(0)} times with 20`,
  );
} else process.stdout.write(JSON.stringify(serve(served)));
