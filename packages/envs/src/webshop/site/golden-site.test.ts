import { describe, expect, it } from "vitest";
import { goldenRows, hasReferenceData, referenceShop } from "../testing/reference-data.ts";
import { ShopSite } from "./shop-site.ts";

/** Body of a page without this project's additions and changed links. */
function comparableBody(html: string): string {
  const body = /<body>[\s\S]*<\/body>/u.exec(html)?.[0] ?? "";
  return body.replace(/\n {4}<table id="score-parts">[\s\S]*(?=\n {2}<\/body>)/u, "");
}

describe.skipIf(!hasReferenceData)("the site, compared with the reference", () => {
  it("answers every recorded request with the same status, location and body", async () => {
    const site = new ShopSite(await referenceShop({ goals: "human" }), { showPictures: true });
    for (const row of goldenRows("golden/site_http")) {
      const { method, path: url, status, location, body } = row;
      const form = new Map(Object.entries<string>(row["form"] ?? {}));
      const answer = site.handle({ method, url, form });
      const isPage = status === 200;
      expect({
        method,
        url,
        status: answer.status,
        location: answer.location ?? null,
        body: isPage ? comparableBody(answer.body) : "",
      }).toEqual({
        method,
        url,
        status,
        location,
        body: isPage ? comparableBody(body) : "",
      });
    }
  });
});
