import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedShop } from "../generator/embedded-shop.ts";
import { serveShop, type ShopServer } from "./serve-shop.ts";
import { ShopSite } from "./shop-site.ts";

const shop = embeddedShop({ numProducts: 60 });
const none = new Map<string, string>();

function get(site: ShopSite, url: string) {
  return site.handle({ method: "GET", url, form: none });
}

describe("ShopSite", () => {
  it("sells the right item and shows the score", () => {
    const site = new ShopSite(shop);
    const goal = shop.goals.goal(7);
    const start = get(site, "/fixed_7");
    expect(start.body).toContain('id="search_input"');
    const form = new Map([["search_query", goal.name]]);
    const found = site.handle({ method: "POST", url: "/fixed_7", form });
    expect(found.status).toBe(302);
    const results = get(site, found.location!);
    const link = new RegExp(`class="product-link" href="([^"]*)">${goal.asin}<`, "u");
    let item = get(site, link.exec(results.body)![1]!.replaceAll("&#39;", "'"));
    const entries = goal.options.kind === "named" ? goal.options.entries : [];
    for (const [name, value] of entries) {
      const radio = new RegExp(`name="${name}" value="${value}" data-url="([^"]*)"`, "u");
      item = get(site, radio.exec(item.body)![1]!.replaceAll("&#39;", "'"));
    }
    const buy = /action="(\/done[^"]*)"/u.exec(item.body)![1]!.replaceAll("&#39;", "'");
    const done = site.handle({ method: "POST", url: buy, form: none });
    expect(done.body).toMatch(/id="reward">[^<]*<pre>1\.0<\/pre>/u);
    expect(done.body).toContain("within the limit");
    // A second purchase has no effect.
    expect(get(site, "/done/fixed_7/NOSUCH/%7B%7D").body).toBe(done.body);
  });

  it("starts a new visit at the start page: a fixed goal can be bought again", () => {
    for (const compat of ["none", "reference"] as const) {
      const site = new ShopSite(embeddedShop({ numProducts: 60 }, { compat }));
      const { asin } = shop.goals.goal(7);
      const buy = (product: string): string =>
        /id="reward">[^<]*<pre>([\d.]+)<\/pre>/u.exec(
          get(site, `/done/fixed_7/${product}/%7B%7D`).body,
        )![1]!;
      const other = shop.catalogue.product(0).asin;
      get(site, "/fixed_7");
      const wrong = buy(other);
      get(site, "/fixed_7");
      const right = buy(asin);
      expect(Number(right)).toBeGreaterThan(Number(wrong));
      const form = new Map([["search_query", "tea"]]);
      site.handle({ method: "POST", url: "/fixed_7", form });
      expect(buy(other)).toBe(wrong);
    }
  });

  it("rejects a query whose URL would be too long, with a page", () => {
    const site = new ShopSite(shop);
    for (const query of ["tea ".repeat(3000), "茶".repeat(3000), "x".repeat(12_000)]) {
      const form = new Map([["search_query", query]]);
      const answer = site.handle({ method: "POST", url: "/fixed_0", form });
      expect([answer.status, answer.location]).toEqual([413, undefined]);
      expect(answer.body).toContain(`it has ${query.length} characters`);
    }
    const form = new Map([["search_query", shop.goals.goal(0).instructionText]]);
    expect(site.handle({ method: "POST", url: "/fixed_0", form }).status).toBe(302);
  });

  it("sends each visitor to a session of their own", () => {
    const site = new ShopSite(shop);
    const first = get(site, "/").location!;
    expect(first).toMatch(/^\/[a-z0-9]{10}$/u);
    expect(get(site, "/").location).not.toBe(first);
  });

  it("finds queries with slashes, quotes and markup, and escapes them", () => {
    const site = new ShopSite(shop);
    const query = `red/<script>alert("it's")</script> & %`;
    const form = new Map([["search_query", query]]);
    const found = site.handle({ method: "POST", url: "/fixed_0", form });
    const results = get(site, found.location!);
    expect(results.status).toBe(200);
    expect(results.body).not.toContain("<script>alert");
  });

  it("explains an invalid URL", () => {
    const site = new ShopSite(shop);
    get(site, "/fixed_0");
    const { asin } = shop.catalogue.product(0);
    const status = (url: string): number => get(site, url).status;
    expect(status("/search_results/nobody/%5B'a'%5D/1")).toBe(404);
    expect(status("/fixed_999999")).toBe(404);
    expect(status("/fixed_x")).toBe(404);
    expect(status("/static/../package.json")).toBe(404);
    expect(status("/%")).toBe(400);
    expect(status("/search_results/fixed_0/%5Bopen('x')%5D/1")).toBe(400);
    expect(status("/search_results/fixed_0/%5B'a'%5D/-1")).toBe(400);
    expect(status(`/item_page/fixed_0/${asin}/%5B'a'%5D/1/%7B'color':%20'gold'%7D`)).toBe(400);
    expect(status(`/item_page/fixed_0/NOSUCH/%5B'a'%5D/1/%7B%7D`)).toBe(404);
    expect(status(`/item_sub_page/fixed_0/${asin}/%5B'a'%5D/1/Attributes/%7B%7D`)).toBe(404);
    expect(site.handle({ method: "PUT", url: "/fixed_0", form: none }).status).toBe(405);
  });

  it("evicts the least recently used sessions first", () => {
    const site = new ShopSite(shop, { maxSessions: 2 });
    for (const id of ["a", "b", "a", "c"]) get(site, `/${id}`);
    expect(site.numSessions).toBe(2);
    expect(get(site, "/search_results/a/x/1").status).toBe(200);
    expect(get(site, "/search_results/b/x/1").status).toBe(404);
  });

  it("survives any URL and form, and never shows another session's goal", () => {
    const site = new ShopSite(shop);
    get(site, "/fixed_1");
    const secret = shop.goals.goal(1).instructionText;
    const part = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => encodeURIComponent(text)),
      fc.string(),
      fc.constantFrom("fixed_2", "search_results", "item_page", "done", "%7B%7D", "1", "['a']"),
    );
    fc.assert(
      fc.property(
        fc.constantFrom("GET", "POST"),
        fc.array(
          part.filter((text) => !text.includes("fixed_1")),
          { maxLength: 7 },
        ),
        fc.string({ unit: "binary" }),
        (method, parts, query) => {
          const form = new Map([["search_query", query]]);
          const { status, body } = site.handle({ method, url: `/${parts.join("/")}`, form });
          expect([200, 302, 400, 404, 413]).toContain(status);
          expect(body).not.toContain(secret);
        },
      ),
    );
  });
});

describe("serveShop", () => {
  let server: ShopServer;
  beforeAll(async () => {
    server = await serveShop(new ShopSite(shop), { port: 0 });
  });
  afterAll(() => server.close());

  it("speaks HTTP", async () => {
    const page = await fetch(`${server.address}/fixed_3`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await page.text()).toContain("Instruction: <br>");
    const found = await fetch(`${server.address}/fixed_3`, {
      method: "POST",
      body: new URLSearchParams({ search_query: "green tea" }),
    });
    expect(found.url).toContain("/search_results/fixed_3/");
    expect(await found.text()).toContain("Page 1 (Total results:");
    const large = await fetch(`${server.address}/fixed_3`, {
      method: "POST",
      body: `search_query=${"x".repeat(100_000)}`,
    }).then(
      ({ status }) => status,
      // Sent so early that the request may be cut short.
      () => 413,
    );
    expect(large).toBe(413);
    expect((await fetch(`${server.address}/static/style.css`)).status).toBe(200);
    const long = await fetch(`${server.address}/search_results/fixed_3/${"x".repeat(100_000)}/1`);
    expect(long.status).toBe(431);
    expect(await long.text()).toContain("at most 65536 bytes");
    const query = await fetch(`${server.address}/fixed_3`, {
      method: "POST",
      body: new URLSearchParams({ search_query: "x".repeat(12_000) }),
    });
    expect([query.status, await query.text()]).toEqual([413, expect.stringContaining("too long")]);
  });

  it("refuses another Host, to which a name in the public DNS could lead, and forms of other sites", async () => {
    const { port } = new URL(server.address);
    /** Sends headers as they are: `fetch` would set `Host` itself. */
    const send = (headers: object, method = "GET"): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const path = "/fixed_3";
        const sent = request(
          { host: "127.0.0.1", port, path, method, headers: { ...headers } },
          (reply) => {
            reply.resume();
            resolve(reply.statusCode);
          },
        );
        sent.on("error", reject);
        sent.end();
      });
    expect(await send({ host: "example.com" })).toBe(403);
    expect(await send({ host: `localhost:${port}` })).toBe(200);
    expect(await send({ origin: "https://example.com" }, "POST")).toBe(403);
    expect(await send({ origin: "null", "sec-fetch-site": "cross-site" }, "POST")).toBe(403);
    for (const origin of ["null", server.address]) {
      expect(await send({ origin, "sec-fetch-site": "same-origin" }, "POST")).toBe(200);
    }
    // A link from elsewhere leads to a page.
    expect(await send({ "sec-fetch-site": "cross-site" })).toBe(200);
  });
});
