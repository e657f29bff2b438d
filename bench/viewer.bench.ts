/**
 * Measures the viewer in headless Chromium on a run of 1,000 trajectories and a run of 100,000:
 * time until a run and its index are shown, memory of the page, and rows that are missing while the
 * list scrolls. Each run is opened several times, in alternation, and the median is reported. Also
 * prints the load of the machine: the time during which the page worked depends on the load less
 * than the elapsed time.
 *
 *     npx tsx --conditions=turnwise-source bench/viewer.bench.ts [FOLDER]
 *
 * FOLDER keeps the generated runs for the next time.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium, launchChromium } from "../apps/trainer/e2e/chromium.ts";
import { findRuns } from "../apps/trainer/src/view/find-runs.ts";
import { readPage } from "../apps/trainer/src/view/page-files.ts";
import { serveRuns } from "../apps/trainer/src/view/serve-runs.ts";
import { buildPage } from "../apps/viewer/build-page.ts";
import { generateRun } from "../packages/training/src/testing/generate-run.ts";

const repeats = 5;
/** Numbers of iterations of 250 trajectories, for 1,000 and 100,000 trajectories. */
const sizes = [4, 400];
/** Number of frames of a scroll. */
const frames = 200;

const executablePath = findChromium();
if (executablePath === undefined) process.exit(0);
const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "turnwise-viewer-bench-")));
await mkdir(folder, { recursive: true });
for (const iterations of sizes) {
  const path = join(folder, String(iterations));
  if (existsSync(join(path, "heartbeat.json"))) continue;
  const shape = { groups: 25, groupSize: 10, maxTurns: 2, evaluated: 0 };
  await generateRun(path, { seed: 1, isModulated: true, iterations, ...shape });
}
await buildPage(join(folder, "page"));
const page = await readPage(join(folder, "page"));
const browser = await launchChromium(executablePath);

interface Opening {
  /** Milliseconds from the request to the first curve, and to the last row of the index. */
  readonly shown: number;
  readonly indexed: number;
  /** Milliseconds that the page's thread worked until then, and its longest task. */
  readonly busy: number;
  readonly longestTask: number;
  /** Memory of the page after a garbage collection, MB: objects, and typed arrays (the columns). */
  readonly heap: number;
  readonly columns: number;
  /**
   * Number of frames of a long scroll in which part of the list was empty, and number of all
   * frames.
   */
  readonly gaps: number;
}

async function open(path: string, trajectories: number): Promise<Opening> {
  const server = await serveRuns({ page, runs: await findRuns([path]), port: 0 });
  const opened = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const session = await opened.context().newCDPSession(opened);
  await session.send("Performance.enable");
  await opened.addInitScript(observeLongTasks);
  const start = performance.now();
  await opened.goto(server.address, { waitUntil: "commit" });
  await opened.locator(".plot canvas").first().waitFor();
  const shown = performance.now() - start;
  const text = `${trajectories.toLocaleString("en")} trajectories`;
  await opened.getByText(text, { exact: true }).waitFor();
  const indexed = performance.now() - start;
  const { metrics } = await session.send("Performance.getMetrics");
  const busy = 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
  const longestTask = Number(await opened.locator("html").getAttribute("data-longest-task"));
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
  await opened.goto(`${server.address}#/trajectories`);
  await opened.locator("#row-0").waitFor();
  // Scrolls in steps of half a page, and checks after each frame whether rows fill the list.
  const gaps = await opened.locator(".list-scroll").evaluate(async (list, numFrames) => {
    const view = list.ownerDocument.defaultView!;
    let numGaps = 0;
    for (let frame = 0; frame < numFrames; frame++) {
      list.scrollTop += list.clientHeight / 2;
      await new Promise((resolve) => {
        view.requestAnimationFrame(() => view.requestAnimationFrame(resolve));
      });
      const box = list.getBoundingClientRect();
      const rows = [...list.querySelectorAll(".row-space .list-row")].map((row) =>
        row.getBoundingClientRect(),
      );
      const top = Math.min(...rows.map((row) => row.top));
      const bottom = Math.max(...rows.map((row) => row.bottom));
      const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
      // Rows start below the table header, which is as high as a row.
      if (top > box.top + 30 || (!isAtEnd && bottom < box.bottom - 1)) numGaps += 1;
    }
    return numGaps;
  }, frames);
  await opened.close();
  await server.close();
  const memory = { heap: usedSize / 1e6, columns: backingStorageSize / 1e6 };
  return { shown, indexed, busy, longestTask, ...memory, gaps };
}

/** Script of the page: stores the duration of its longest task in an attribute of the document. */
const observeLongTasks = `
  let longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    document.documentElement.dataset.longestTask = longest;
  }).observe({ type: "longtask", buffered: true });
`;

const openings = new Map<number, Opening[]>(sizes.map((iterations) => [iterations, []]));
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const iterations of sizes) {
    const opening = await open(join(folder, String(iterations)), 250 * iterations);
    openings.get(iterations)!.push(opening);
  }
}
await browser.close();

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
console.table(
  sizes.map((iterations) => {
    const own = openings.get(iterations)!;
    const of = (measure: (opening: Opening) => number): number =>
      Math.round(median(own.map(measure)));
    return {
      trajectories: 250 * iterations,
      "first curve, ms": of(({ shown }) => shown),
      "complete index, ms": of(({ indexed }) => indexed),
      "page busy, ms": of(({ busy }) => busy),
      "longest task, ms": of(({ longestTask }) => longestTask),
      "heap, MB": of(({ heap }) => heap),
      "columns, MB": of(({ columns }) => columns),
      "frames with gaps": own.reduce((sum, { gaps }) => sum + gaps, 0),
      frames: frames * own.length,
    };
  }),
);
console.log(`load of the machine: ${loadavg()[0]!.toFixed(0)}`);
