import { beforeAll, describe, expect, it } from "vitest";
import { textToIndex } from "../catalogue/product.ts";
import { goldenRows, hasReferenceData, referenceCatalogue } from "../testing/reference-data.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { analyze } from "./analyze.ts";
import { Searcher } from "./searcher.ts";

describe.skipIf(!hasReferenceData)("search, compared with Lucene", () => {
  let catalogue: Catalogue;
  beforeAll(async () => {
    catalogue = await referenceCatalogue();
  });

  it("analyzes every golden document and every adversarial text into the same terms", () => {
    const documents = goldenRows("golden/analyzer_docs").map(({ id, tokens }) => ({
      text: textToIndex(catalogue.product(catalogue.positionOf(id)!)),
      tokens,
    }));
    for (const { text, tokens } of [...documents, ...goldenRows("golden/analyzer_fuzz")]) {
      expect({ text, tokens: analyze(text) }).toEqual({ text, tokens });
    }
  });

  it("has the statistics of the real index", () => {
    const { terms, numTokens } = catalogue.index;
    const numPostings = [...terms.values()].reduce((sum, term) => sum + term.numDocuments, 0);
    expect([terms.size, numTokens, numPostings]).toEqual([12_074, 107_608, 68_475]);
  });

  it("ranks every golden query equally, with bit-identical scores", () => {
    const searcher = new Searcher(catalogue.index);
    for (const { query, tokens, hits } of goldenRows("golden/search")) {
      const found = searcher
        .search(query.toLowerCase())
        .map(({ document, score }) => [catalogue.product(document).asin, score]);
      const golden: readonly [string, number][] = hits;
      // The score in the shortest decimal form that gives the same 32-bit float.
      const wanted = golden.map(([asin, score]) => [asin, Math.fround(score)]);
      expect({ query, tokens: analyze(query.toLowerCase()), hits: found }).toEqual({
        query,
        tokens,
        hits: wanted,
      });
    }
  });
});
