import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatBytes } from "./format-numbers.ts";
import { createJsonReporter, createTextReporter } from "./progress.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Creates a pipe for a reporter, and access to the lines written to it. */
function pipe(): { readonly stream: NodeJS.WriteStream; readonly lines: () => string[] } {
  const stream = new PassThrough();
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += String(chunk)));
  return {
    stream: Object.assign(stream, { isTTY: false }) as unknown as NodeJS.WriteStream,
    lines: () => text.split("\n").slice(0, -1),
  };
}

describe("createTextReporter", () => {
  it("writes at least every 10 seconds if the output is not a terminal", () => {
    const { stream, lines } = pipe();
    const reporter = createTextReporter(stream);
    reporter.say("loading");
    reporter.now("collect 0%");
    expect(lines()).toEqual(["loading"]);
    let before = 1;
    for (let i = 0; i < 6; i++) {
      vi.advanceTimersByTime(10_000);
      expect(lines().length).toBeGreaterThan(before);
      before = lines().length;
    }
    expect(lines()[1]).toBe("collect 0%");
    expect(lines().at(-1)).toMatch(/^collect 0% \(for 0:\d\d\)$|^collect 0% \(for 1:00\)$/u);
    reporter.close();
    vi.advanceTimersByTime(60_000);
    expect(lines()).toHaveLength(before);
  });

  it("writes only the latest activity, and none right after a row", () => {
    const { stream, lines } = pipe();
    const reporter = createTextReporter(stream);
    for (let i = 0; i < 20; i++) {
      reporter.now(`collect ${i}`);
      vi.advanceTimersByTime(500);
    }
    expect(lines()).toEqual(["collect 17"]);
    reporter.row({}, "row");
    reporter.now("score");
    vi.advanceTimersByTime(5000);
    expect(lines()).toEqual(["collect 17", "row"]);
    reporter.close();
  });

  it("keeps control characters of a warning from the terminal", () => {
    const { stream, lines } = pipe();
    const reporter = createTextReporter(stream);
    reporter.warn("2 episodes failed (network: \u001b]0;mine\u0007)");
    expect(lines()).toEqual(["2 episodes failed (network: \u{fffd}]0;mine\u{fffd})"]);
    reporter.close();
  });
});

describe("createJsonReporter", () => {
  it("writes the current activity as a separate record", () => {
    const { stream, lines } = pipe();
    const reporter = createJsonReporter(stream);
    reporter.now("score 10%");
    vi.advanceTimersByTime(10_000);
    reporter.row({ loss: 1 }, "row");
    reporter.close();
    const [progress, row] = lines().map((line): unknown => JSON.parse(line));
    expect(progress).toMatchObject({ type: "progress", text: "score 10%" });
    expect(row).toEqual({ type: "row", loss: 1 });
  });
});

it("writes bytes with a unit", () => {
  expect([512, 2 ** 20, 1.5 * 2 ** 30, 1023 * 2 ** 20].map(formatBytes)).toEqual([
    "512 bytes",
    "1.00 MiB",
    "1.50 GiB",
    "1023 MiB",
  ]);
});
