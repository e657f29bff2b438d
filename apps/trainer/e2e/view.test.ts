import { mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packedIndexesPath, parseIndexEntry } from "@turnwise/training/reader";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPage } from "../../viewer/build-page.ts";
import { generateRun } from "../../../packages/training/src/testing/generate-run.ts";
import { exportPage } from "../src/view/export-page.ts";
import { findRuns, type FoundRun } from "../src/view/find-runs.ts";
import { readPage, type PageFiles } from "../src/view/page-files.ts";
import { serveRuns, type ViewServer } from "../src/view/serve-runs.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { listFindings, takeShot } from "./look-at-page.ts";

let folder: string;
let page: PageFiles;
let runs: FoundRun[];
let server: ViewServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-view-"));
  const built = join(folder, "page");
  await buildPage(built);
  page = await readPage(built);
  for (const seed of [1, 2, 3]) {
    for (const isModulated of [true, false]) {
      const path = join(folder, "runs", `${isModulated ? "aem" : "none"}-${seed}`);
      await generateRun(path, { seed, isModulated, iterations: 6, groups: 6 });
    }
  }
  runs = await findRuns([folder]);
  server = await serveRuns({ page, runs, port: 0 });
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends a request as it is: `fetch` would set `Host` and resolve `..` itself. */
function send(
  path: string,
  { method = "GET", headers = {} }: { readonly method?: string; readonly headers?: object } = {},
): Promise<{
  readonly status: number;
  readonly body: Buffer;
  readonly headers: NodeJS.Dict<string | string[]>;
}> {
  const { port } = new URL(server.address);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers: { ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode!,
            body: Buffer.concat(chunks),
            headers: answer.headers,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

describe("the server of `turnwise view`", () => {
  it("lists runs and sends the files that pages read", async () => {
    const list = JSON.parse(String((await send("/runs.json")).body)) as { runs: { id: string }[] };
    expect(list.runs.map(({ id }) => id)).toEqual([
      "aem-1",
      "aem-2",
      "aem-3",
      "none-1",
      "none-2",
      "none-3",
    ]);
    const { body } = await send("/runs/aem-1/metrics.jsonl");
    expect(body).toEqual(await readFile(join(folder, "runs/aem-1/metrics.jsonl")));
  });

  it("sends parts of files, and says where a file ends", async () => {
    const path = "/runs/aem-1/trajectories/iteration-0001.jsonl.gz";
    const whole = await readFile(join(folder, path.replace("/runs/", "runs/")));
    const part = await send(path, { headers: { range: "bytes=10-29" } });
    expect(part.status).toBe(206);
    expect(part.headers["content-range"]).toBe(`bytes 10-29/${whole.length}`);
    expect(part.body).toEqual(whole.subarray(10, 30));
    const beyond = await send(path, { headers: { range: `bytes=${whole.length}-` } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers["content-range"]).toBe(`bytes */${whole.length}`);
  });

  it("sends all indexes of a run at once, and none that a link leads to", async () => {
    const run = join(folder, "runs/none-1");
    await rename(join(run, "trajectories/iteration-0002.index"), join(folder, "moved"));
    await symlink(join(folder, "moved"), join(run, "trajectories/iteration-0002.index"));
    const { body } = await send(`/runs/none-1/${packedIndexesPath}`);
    await rename(join(folder, "moved"), join(run, "trajectories/iteration-0002.index"));
    const names: string[] = [];
    for (let rest = body; rest.length > 0;) {
      const { name, start, end } = parseIndexEntry(rest)!;
      names.push(name);
      const file = await readFile(join(run, `trajectories/${name}.index`));
      expect(rest.subarray(start, end)).toEqual(file);
      rest = rest.subarray(end);
    }
    expect(names).toEqual([
      expect.stringMatching(/^evaluation-before-/u),
      ...[1, 3, 4, 5, 6].map((iteration) => `iteration-000${iteration}`),
      expect.stringMatching(/^evaluation-after-/u),
    ]);
  });

  it("does not send a file again that did not change", async () => {
    const first = await send("/runs/aem-1/metrics.jsonl");
    const again = await send("/runs/aem-1/metrics.jsonl", {
      headers: { "if-none-match": first.headers["etag"] },
    });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("refuses %s", async (method) => {
    expect((await send("/runs/aem-1/config.json", { method })).status).toBe(405);
  });

  it("refuses another Host, to which a name in the public DNS could lead", async () => {
    expect((await send("/", { headers: { host: "example.com" } })).status).toBe(403);
  });

  it.each([
    "/runs/aem-1/../aem-2/config.json",
    "/runs/aem-1/%2e%2e/aem-2/config.json",
    "/runs/aem-1/checkpoints/000001/state.json",
    "/runs/aem-1/policy/model.safetensors",
    "/runs/unknown/config.json",
    "/%",
  ])("finds nothing at %s", async (path) => {
    expect((await send(path)).status).toBe(404);
  });

  it("allows the page nothing but its own files", async () => {
    const policy = String((await send("/")).headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/u);
  });
});

const executablePath = findChromium();

describe.skipIf(executablePath === undefined)("the viewer in a browser", () => {
  let browser: Browser;
  /** Errors of the page, and requests to hosts other than its own. */
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium(executablePath);
  });
  afterAll(() => browser?.close());

  async function open(
    address: string,
    width = 1280,
    theme: "light" | "dark" = "light",
  ): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: theme });
    opened.on("pageerror", ({ message }) => problems.push(message));
    opened.on("request", (sent) => {
      const url = sent.url();
      if (!url.startsWith(server.address) && !url.startsWith("file:")) problems.push(url);
    });
    opened.on("console", (message) => {
      // The reader asks for files that a run may lack.
      const isMissingFile = message.text().includes("404");
      if (message.type() === "error" && !isMissingFile) problems.push(message.text());
    });
    await opened.goto(address);
    await opened.getByText("960 trajectories", { exact: true }).waitFor();
    return opened;
  }

  const check = listFindings;
  const shot = (opened: Page, name: string): Promise<void> => takeShot(opened, name, folder);

  it("compares two arms over their seeds", async () => {
    const opened = await open(server.address);
    const differences = opened.getByRole("region", { name: "Differences by measure" });
    const row = differences.getByRole("row", { name: /^success, evaluation after/u });
    await expect(row.textContent()).resolves.toMatch(/1, 2, 3$/u);
    expect(await opened.getByRole("img", { name: /^Success: .*aem.*none/u }).count()).toBe(1);
    await shot(opened, "overview-runs");
    expect(await check(opened)).toEqual([]);
    await opened.close();
  });

  it("finds the trajectory with the largest coefficient, and shows what was said as text", async () => {
    const opened = await open(`${server.address}#/trajectories`);
    // Without a pointer: the search field, then the column, then the row.
    await opened.keyboard.press("/");
    await opened.keyboard.type("stage:iteration");
    await opened.keyboard.press("Escape");
    await opened.getByRole("button", { name: "coef. max" }).press("Enter");
    await opened
      .getByRole("columnheader", { name: "coef. max" })
      .and(opened.locator("[aria-sort=descending]"))
      .waitFor();
    const cells = opened.getByRole("row").nth(1).getByRole("gridcell");
    const largest = await cells.nth(11).textContent();
    const expected = Math.max(...(await coefficientsOnDisk(runs)));
    expect(Number(largest)).toBeCloseTo(expected, 2);
    await shot(opened, "trajectories");
    expect(await check(opened)).toEqual([]);
    await opened.getByRole("grid").focus();
    await opened.keyboard.press("Enter");
    await opened.getByRole("heading", { name: "Turn 0" }).waitFor();
    const text = opened.getByText(
      'You see a <b>cup 1</b> & a "mug 2". <img src=x onerror=alert(1)>',
    );
    expect(await text.count()).toBeGreaterThan(0);
    expect(await opened.locator("main img, .code b, .room b:text-is('cup 1')").count()).toBe(0);
    const room = opened.getByRole("group", { name: "State of the environment" }).first();
    expect(await room.textContent()).toContain("fridge 1");
    await shot(opened, "trajectory");
    expect(await check(opened)).toEqual([]);
    // The address of a turn opens the page at this turn.
    await opened.keyboard.press("j");
    expect(opened.url()).toMatch(/\/0$/u);
    const again = await open(opened.url());
    await again.locator(".turn.current").getByRole("heading", { name: "Turn 0" }).waitFor();
    await again.close();
    // Up to the group, on to AEM by hand.
    await opened.keyboard.press("g");
    await opened.getByRole("heading", { name: "Actions side by side" }).waitFor();
    await shot(opened, "group");
    expect(await check(opened)).toEqual([]);
    await opened.keyboard.press("a");
    await opened.getByRole("heading", { name: "AEM by hand" }).waitFor();
    const rows = opened.getByRole("region", { name: "Responses" }).locator("tbody tr");
    const computed = await rows.locator("td:nth-child(5)").allTextContents();
    const recorded = await rows.locator("td:nth-child(7)").allTextContents();
    expect(computed).toEqual(recorded);
    await opened.getByRole("slider", { name: /^strength/u }).fill("0");
    const flat = await rows.locator("td:nth-child(5)").allTextContents();
    expect(new Set(flat)).toEqual(new Set(["1.000"]));
    await opened.getByRole("slider", { name: /^strength/u }).fill("2");
    await shot(opened, "aem");
    expect(await check(opened)).toEqual([]);
    await opened.close();
  });

  it("follows a task through iterations, seeds and arms", async () => {
    const opened = await open(`${server.address}#/tasks`);
    await shot(opened, "tasks");
    expect(await check(opened)).toEqual([]);
    await opened.getByRole("grid").focus();
    await opened.keyboard.press("Enter");
    await opened.getByRole("img", { name: /^Solved: / }).waitFor();
    const times = opened.getByRole("region", { name: "Times played" }).locator("tbody tr");
    // Held-out tasks: before and after, in six runs.
    expect(await times.count()).toBe(12);
    await shot(opened, "task");
    expect(await check(opened)).toEqual([]);
    await opened.close();
  });

  it("scrolls without gaps", async () => {
    const opened = await open(`${server.address}#/trajectories`);
    await opened.locator(".list-scroll").evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    const last = opened.locator("#row-959");
    await last.waitFor();
    expect(await last.getByRole("gridcell").first().textContent()).toBe("none-3");
    await opened.close();
  });

  it("says what is wrong with a query", async () => {
    const opened = await open(`${server.address}#/trajectories`);
    await opened.fill("#search", "speed>1");
    await opened.getByText(/^query: column must be one of iteration, /u).waitFor();
    await opened.close();
  });

  it.each(["light", "dark"] as const)("shows one run: %s, also on a phone", async (theme) => {
    const alone = await serveRuns({ page, runs: runs.slice(0, 1), port: 0 });
    for (const width of [1280, 390]) {
      const opened = await browser.newPage({
        viewport: { width, height: 800 },
        colorScheme: theme,
      });
      await opened.goto(alone.address);
      await opened.getByText("160 trajectories", { exact: true }).waitFor();
      await opened.getByRole("img", { name: /^Groups: all solved/u }).waitFor();
      // Nothing is wider than the window.
      expect(await opened.locator("html").evaluate((html) => html.scrollWidth)).toBe(width);
      await shot(opened, `overview-${theme}-${width}`);
      expect(await check(opened)).toEqual([]);
      await opened.close();
    }
    await alone.close();
  });

  it("exports one file that opens from disk, with its trajectories", async () => {
    const path = join(folder, "runs.html");
    await exportPage(path, { page, runs, iterations: [0, 6] });
    const opened = await open(pathToFileURL(path).href);
    await opened.goto(`${pathToFileURL(path).href}#/trajectory/none-2/iteration-0006/3`);
    await opened.getByRole("heading", { name: "Turn 0" }).waitFor();
    await opened.goto(`${pathToFileURL(path).href}#/trajectory/none-2/iteration-0005/3`);
    await opened.getByText(/iteration-0005\.jsonl\.gz: no such file$/u).waitFor();
    await opened.keyboard.press("?");
    await opened.getByText("Licences of the libraries in this page").click();
    expect(await opened.getByLabel("Licences").textContent()).toBe(page.licences);
    expect(page.licences).toMatch(/^preact \d[^]*Permission is hereby granted/mu);
    expect(await check(opened)).toEqual([]);
    await opened.close();
  });

  it("shows what a run writes while the page is open", async () => {
    const path = join(folder, "growing");
    await generateRun(path, { seed: 9, isModulated: true, iterations: 2, groups: 2, evaluated: 0 });
    const metrics = join(path, "metrics.jsonl");
    const heartbeat = join(path, "heartbeat.json");
    const lines = (await readFile(metrics, "utf8")).split("\n");
    await writeFile(metrics, `${lines[0]}\n`);
    await writeFile(
      heartbeat,
      JSON.stringify({ state: "running", at: new Date().toISOString(), intervalSeconds: 1e6 }),
    );
    const growing = await serveRuns({ page, runs: await findRuns([path]), port: 0 });
    const opened = await browser.newPage();
    await opened.goto(growing.address);
    await opened.getByText(/^8 trajectories/u).waitFor();
    await writeFile(metrics, lines.join("\n"));
    await opened.getByText(/^16 trajectories/u).waitFor();
    await opened.close();
    await growing.close();
  });

  it("asked no other host for anything, and logged no error", () => {
    expect(problems).toEqual([]);
  });
});

/** Coefficients of all iterations, from the lines of metrics. */
async function coefficientsOnDisk(all: readonly FoundRun[]): Promise<number[]> {
  const texts = await Promise.all(
    all.map(({ path }) => readFile(join(path, "metrics.jsonl"), "utf8")),
  );
  return texts.flatMap((text) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly coefficientMax?: number })
      .flatMap(({ coefficientMax }) => coefficientMax ?? []),
  );
}
