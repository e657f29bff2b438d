import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPage } from "../../viewer/build-page.ts";
import { generatedScenes } from "../../../packages/training/src/testing/generated-scenes.ts";
import { generateRun } from "../../../packages/training/src/testing/generate-run.ts";
import { findRuns } from "../src/view/find-runs.ts";
import { readPage } from "../src/view/page-files.ts";
import { serveRuns, type ViewServer } from "../src/view/serve-runs.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { listFindings, takeShot } from "./look-at-page.ts";

const executablePath = findChromium();
const names = Object.keys(generatedScenes) as (keyof typeof generatedScenes)[];

describe.skipIf(executablePath === undefined)("states of environments in a browser", () => {
  let folder: string;
  let server: ViewServer;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "turnwise-states-"));
    await buildPage(join(folder, "page"));
    await generateRun(join(folder, "run"), {
      seed: 1,
      isModulated: true,
      iterations: 2,
      groups: names.length,
      groupSize: 3,
      evaluated: 0,
      scenes: Object.values(generatedScenes),
    });
    const page = await readPage(join(folder, "page"));
    server = await serveRuns({ page, runs: await findRuns([folder]), port: 0 });
    browser = await launchChromium(executablePath);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(path: string): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    opened.on("pageerror", ({ message }) => problems.push(message));
    await opened.goto(`${server.address}#/${path}`);
    await opened.getByText(`${6 * names.length} trajectories`, { exact: true }).waitFor();
    return opened;
  }

  /** Address of the first trajectory of a scene's group. */
  const trajectoryOf = (name: (typeof names)[number]): string =>
    `trajectory/run/iteration-0002/${3 * names.indexOf(name)}`;

  it.each(names)("draws %s, light and dark, wide and on a phone", async (name) => {
    const opened = await open(trajectoryOf(name));
    await opened.getByRole("heading", { name: "Turn 0" }).waitFor();
    const states = opened.getByRole("group", { name: "State of the environment" });
    expect(await states.count()).toBe(generatedScenes[name].turns.length + 1);
    for (const theme of ["light", "dark"] as const) {
      await opened.emulateMedia({ colorScheme: theme });
      await opened.locator(`html[data-theme=${theme}]`).waitFor();
      for (const width of [1280, 390]) {
        await opened.setViewportSize({ width, height: 900 });
        expect(await opened.locator("html").evaluate((html) => html.scrollWidth)).toBe(width);
        await takeShot(opened, `state-${name}-${theme}-${width}`, folder);
      }
      expect(await listFindings(opened)).toEqual([]);
    }
    await opened.close();
  });

  it("marks the chosen option of a product, and shows the score of the purchase", async () => {
    const opened = await open(trajectoryOf("shop"));
    const end = opened.getByRole("group", { name: "State of the environment" }).last();
    expect(await end.locator(".option.chosen").allTextContents()).toEqual([
      "6.76 fl oz chosen",
      "pure chosen",
    ]);
    expect(await end.getByText("score 0.75").count()).toBe(1);
    await opened.close();
  });

  it("shows the diff and the tests of a repository", async () => {
    const opened = await open(trajectoryOf("repository"));
    const end = opened.getByRole("group", { name: "State of the environment" }).last();
    expect(await end.locator(".diff .added").textContent()).toContain("= right");
    await end.getByText("broken by the issue: 1 of 2 passed").click();
    expect(await end.locator("li.removed").textContent()).toMatch(/^failed .*result1\]$/u);
    await opened.close();
  });

  it("neither runs, hides nor lets out what models and environments wrote", async () => {
    const opened = await open(trajectoryOf("hostile"));
    expect(await opened.title()).not.toBe("run");
    expect(await opened.locator("main img").count()).toBe(0);
    await opened.getByText("⟨1B⟩[31mred⟨00⟩⟨07⟩ ⟨202E⟩gnol⟨202C⟩ עברית").first().waitFor();
    // A log of a megabyte is shown in parts.
    expect(await opened.getByText("end of the log").count()).toBe(0);
    const turn = opened.locator("#turn-0");
    for (let click = 0; click < 10; click++) await turn.locator(".more").last().click();
    await opened.getByText("end of the log").waitFor();
    for (const page of ["group", "aem"]) {
      await opened.goto(
        `${server.address}#/${page}/run/iteration-0002/${names.indexOf("hostile")}`,
      );
      await opened.getByRole("heading", { level: 1 }).waitFor();
      expect(await opened.locator("html").evaluate((html) => html.scrollWidth)).toBe(1280);
      await takeShot(opened, `${page}-hostile`, folder);
      expect(await listFindings(opened)).toEqual([]);
    }
    await opened.close();
    expect(problems).toEqual([]);
  });
});
