import { Terminal } from "@xterm/headless";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../health/watchdog.ts";
import { createLiveReporter, createRunReporter } from "./live-screen.ts";
import type { Reporter } from "./progress.ts";
import type { NotableTrajectory } from "./run-note.ts";

beforeEach(() => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
  vi.stubEnv("COLUMNS", "");
});
afterEach(() => vi.unstubAllEnvs());

/** Creates a reporter on a terminal emulator, and access to the visible text. */
function open(columns = 80, rows = 24) {
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  let time = 0;
  const ticks = new Set<() => void>();
  const clock: Clock = {
    now: () => time,
    every: (_milliseconds, call) => {
      ticks.add(call);
      return () => ticks.delete(call);
    },
  };
  const resizes = new Set<() => void>();
  let written = "";
  const stream = {
    isTTY: true,
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    on: (_event: "resize", listener: () => void) => resizes.add(listener),
    off: (_event: "resize", listener: () => void) => resizes.delete(listener),
    write: (text: string) => {
      written += text;
      terminal.write(text);
    },
  };
  const settle = (): Promise<void> => new Promise((resolve) => terminal.write("", resolve));
  return {
    reporter: createLiveReporter(stream, clock),
    ticks,
    resizes,
    wait: (seconds: number) => {
      time += 1000 * seconds;
      for (const tick of ticks) tick();
    },
    resize: async (width: number, height: number) => {
      await settle();
      terminal.resize(width, height);
      for (const listener of resizes) listener();
    },
    /**
     * Reads the rows of the complete scroll-back, without trailing spaces and without empty rows at
     * the end.
     */
    read: async (): Promise<string[]> => {
      await settle();
      const { buffer } = terminal;
      const lines = Array.from({ length: buffer.active.length }, (_, row) =>
        buffer.active.getLine(row)!.translateToString(true),
      );
      return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
    },
    getWritten: () => written,
  };
}

const iteration = (number: number, success: number, entropy: number) => ({
  stage: "iteration",
  iteration: number,
  iterations: 9,
  success,
  entropy,
  episodes: 16,
  failed: 1,
  return: 2.5,
  turns: 7.25,
});

const notable: NotableTrajectory = {
  reason: "largest coefficient 1.92 in turn 4",
  iteration: 2,
  group: 3,
  trajectory: 1,
  taskId: "wash-a-mug",
  outcome: "success after 3 turns",
  actions: ["go to sink 1", "wash\u001b[31m mug\n1"],
};

function play(reporter: Reporter): void {
  reporter.say("run folder: runs/x");
  reporter.row(iteration(1, 0.25, 2), "iteration 1/9");
  reporter.row(iteration(2, 1, 1), "iteration 2/9");
  reporter.note?.({ kind: "trajectory", trajectory: notable });
  reporter.warn("iteration 2: truncation: half", { advisory: "truncation", iteration: 2 });
}

const collecting = {
  label: "iteration 3 of 9",
  phase: "collect",
  share: 0.5,
  counts: { done: 8, total: 16, unit: "episodes", failed: 2 },
  tokensPerSecond: 1234,
  secondsLeft: 12,
  runSecondsLeft: 125,
} as const;

describe("createLiveReporter", () => {
  it("shows phase, curves, counts, the notable trajectory and advisories below the lines", async () => {
    const { reporter, wait, read } = open(90);
    play(reporter);
    wait(65);
    reporter.now("collect", collecting);
    wait(1);
    expect(await read()).toEqual([
      "run folder: runs/x",
      "iteration 1/9",
      "iteration 2/9",
      "iteration 2: truncation: half",
      `── iteration 3 of 9 ${"─".repeat(43)} 1:06 so far, 2:05 left ──`,
      `collect   ${"█".repeat(10)}${"░".repeat(11)}  50%  8/16 episodes, 2 failed, 1,234 tokens/s, 0:12 left`,
      "success   ▃█  100.0%  best 100.0%",
      "entropy   █▅  1.00 nats per token  first 2.00",
      "last      1/16 failed, return 2.50, 7.3 turns",
      "notable   largest coefficient 1.92 in turn 4: iteration 2, group 3, trajectory 1, succes…",
      "          go to sink 1 › wash[31m mug 1",
      "advisory  truncation (iteration 2)",
    ]);
  });

  it("redraws in place, also after the terminal has become narrower or wider", async () => {
    const { reporter, wait, resize, read } = open(100);
    play(reporter);
    for (let i = 0; i < 5; i++) {
      wait(1);
      reporter.now("collect", { ...collecting, share: i / 5 });
    }
    for (const [columns, rows] of [
      [44, 24],
      [70, 12],
      [30, 40],
    ] as const) {
      await resize(columns, rows);
      wait(1);
      const lines = await read();
      const joined = lines.join("\n");
      expect(lines.filter((line) => line.startsWith("success "))).toHaveLength(1);
      expect(joined.match(/── iteration 3 of 9|^iteration 3 of 9/gmu)).toHaveLength(1);
      expect(joined).toContain("run folder: runs/x");
      expect(lines.every((line) => line.length <= columns)).toBe(true);
    }
  });

  it("leaves out the least important rows of a low terminal", async () => {
    const { reporter, wait, read } = open(80, 5);
    play(reporter);
    reporter.now("collect", collecting);
    wait(1);
    const panel = (await read()).slice(4);
    expect(panel).toHaveLength(3);
    expect(panel.map((line) => line.slice(0, 8))).toEqual(["── itera", "collect ", "success "]);
  });

  it("removes the panel at the end, and only its own lines stay", async () => {
    const { reporter, wait, read, ticks, resizes, getWritten } = open();
    play(reporter);
    reporter.now("collect", collecting);
    wait(1);
    reporter.close();
    expect(await read()).toEqual([
      "run folder: runs/x",
      "iteration 1/9",
      "iteration 2/9",
      "iteration 2: truncation: half",
    ]);
    expect([ticks.size, resizes.size]).toEqual([0, 0]);
    // The output needs no cleanup: it neither hides the cursor nor switches to the alternate
    // screen.
    expect(getWritten()).not.toMatch(/\[\?(?:25|47|1047|1049)[hl]/u);
  });

  it("draws no more often than ten times a second", () => {
    const { reporter, getWritten } = open();
    reporter.now("collect", collecting);
    const first = getWritten();
    for (let i = 0; i < 100; i++) reporter.now("collect", { ...collecting, share: i / 100 });
    expect(getWritten()).toBe(first);
  });

  it("continues the curves of a resumed run", async () => {
    const { reporter, read } = open();
    const iterations = [iteration(1, 0, 2), iteration(2, 0.5, 2)];
    reporter.note?.({ kind: "history", iterations });
    reporter.row(iteration(3, 1, 2), "iteration 3/9");
    expect((await read()).find((line) => line.startsWith("success"))).toMatch(/^success {3}▁▅█ /u);
  });

  it("has colors, except with NO_COLOR", () => {
    const colored = open();
    play(colored.reporter);
    expect(colored.getWritten()).toContain("\u001b[32m");
    vi.stubEnv("NO_COLOR", "1");
    const plain = open();
    play(plain.reporter);
    // oxlint-disable-next-line no-control-regex -- the commands of a terminal
    expect(plain.getWritten()).not.toMatch(/\u001b\[\d+m/u);
  });
});

describe("createRunReporter", () => {
  it("writes plain lines without a terminal, and on one that cannot redraw", () => {
    for (const [isTTY, TERM] of [
      [false, "xterm"],
      [true, "dumb"],
    ] as const) {
      vi.stubEnv("TERM", TERM);
      let text = "";
      const reporter = createRunReporter({ isTTY, write: (part) => (text += part) }, { TERM });
      play(reporter);
      reporter.now("collect", collecting);
      reporter.close();
      expect(text.split("\n")).toEqual([
        "run folder: runs/x",
        "iteration 1/9",
        "iteration 2/9",
        "iteration 2: truncation: half",
        "",
      ]);
    }
  });
});
