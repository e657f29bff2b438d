import { accessSync, constants } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedShop } from "../generator/embedded-shop.ts";
import { serveShop, type ShopServer } from "./serve-shop.ts";
import { ShopSite } from "./shop-site.ts";

/** Path of a browser: from the variable `CHROMIUM`, or from the search path. */
function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const named = process.env["CHROMIUM"];
  for (const path of named === undefined ? candidates : [named]) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not installed under this name.
    }
  }
  console.log("skipped: there is no chromium in the path, nor one that CHROMIUM names");
  return undefined;
}

const executablePath = findChromium();

describe.skipIf(executablePath === undefined)("the site in a browser", () => {
  const shop = embeddedShop();
  let server: ShopServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await serveShop(new ShopSite(shop), { port: 0 });
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ["--no-sandbox"],
    });
    // Requests to other hosts are blocked.
    page = await browser.newPage();
    await page.route("**/*", (route) =>
      route.request().url().startsWith(server.address) ? route.continue() : route.abort(),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it("lets a person buy the right item and see the score", async () => {
    const problems: string[] = [];
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    const folder = await mkdtemp(join(tmpdir(), "webshop-browser-"));
    const goal = shop.goals.goal(11);
    await page.goto(`${server.address}/fixed_11`);
    expect(await page.textContent("#instruction-text")).toContain(goal.instructionText);
    await page.fill("#search_input", goal.name);
    await page.click("button[type=submit]");
    await page.waitForURL("**/search_results/**");
    await page.screenshot({ path: join(folder, "results.png") });
    await page.click(`a.product-link:text-is("${goal.asin}")`);
    const entries = goal.options.kind === "named" ? goal.options.entries : [];
    for (const [name, value] of entries) {
      const radio = page.locator(`input[name="${name}"][value="${value}"]`);
      await page.click(`label[for="${await radio.getAttribute("id")}"]`);
      await page.locator(`input[name="${name}"][value="${value}"]:checked`).waitFor({
        state: "attached",
      });
    }
    // A sub-page of the item, and back with the choices preserved.
    await page.click("button:text-is('Features')");
    await page.click("button:text-is('< Prev')");
    await page.screenshot({ path: join(folder, "item.png") });
    await page.click("button:text-is('Buy Now')");
    expect(await page.textContent("#reward pre")).toBe("1.0");
    expect(await page.isVisible("#score-parts")).toBe(true);
    await page.screenshot({ path: join(folder, "score.png") });
    console.log(`screenshots: ${folder}`);
    expect(problems).toEqual([]);
  });
});
