import { systemClock, type Clock } from "../health/watchdog.ts";
import { layOutPanel, type PanelState } from "./live-panel.ts";
import { createTextReporter, type Reporter } from "./progress.ts";
import { applyStyle, readTerminalWidth, type OutputStream } from "./terminal.ts";
import { cutText, maskControls, measureWidth } from "./text-width.ts";

/** Minimum time between two redraws, milliseconds. More frequent redraws would slow the run. */
const frameMilliseconds = 100;
/** Assumed number of rows of a terminal that does not report its size. */
const defaultRows = 24;
/**
 * Control sequences before and after a redraw; terminals with synchronized output then show it at
 * once.
 */
const [begin, end] = ["\u001b[?2026h", "\u001b[?2026l"];

/** Creates the reporter of a training run: a live screen on a terminal, and otherwise lines of text. */
export function createRunReporter(
  stream: OutputStream,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Reporter {
  if (stream.isTTY !== true) return createTextReporter(stream);
  if (environment["TERM"] !== "dumb") return createLiveReporter(stream);
  return createTextReporter({ isTTY: false, write: (text) => stream.write(text) });
}

/**
 * Creates a reporter with a panel that is redrawn in place below the permanent lines. The cursor stays
 * visible on the row below the panel, so that an interrupted program leaves the terminal as it was.
 */
export function createLiveReporter(stream: OutputStream, clock: Clock = systemClock): Reporter {
  const started = clock.now();
  let state: Omit<PanelState, "elapsedSeconds"> = { activity: "", iterations: [], advisories: [] };
  /** Number of columns of each row on the screen. */
  let drawn: readonly number[] = [];
  let drawnAt = -Infinity;

  /**
   * Returns the terminal commands that remove the panel. A row that a narrower terminal has wrapped
   * counts as several rows.
   */
  const erase = (): string => {
    const columns = readTerminalWidth(stream);
    const numRows = drawn.reduce((sum, row) => sum + Math.max(1, Math.ceil(row / columns)), 0);
    drawn = [];
    return numRows === 0 ? "" : `\r\u001b[${numRows}A\u001b[J`;
  };
  const draw = (permanent = ""): void => {
    const removal = erase();
    const elapsedSeconds = (clock.now() - started) / 1000;
    const height = Math.max(1, (stream.rows ?? defaultRows) - 2);
    const rows = layOutPanel({ ...state, elapsedSeconds }, readTerminalWidth(stream), height);
    const text = rows.map((spans) =>
      spans.map((span) => (span.style ? applyStyle(span.style, span.text, stream) : span.text)),
    );
    drawn = rows.map((spans) => spans.reduce((sum, span) => sum + measureWidth(span.text), 0));
    drawnAt = clock.now();
    const panel = text.map((spans) => `${spans.join("")}\n`).join("");
    stream.write(`${begin}${removal}${permanent}${panel}${end}`);
  };
  const update = (change: Partial<PanelState>): void => {
    state = { ...state, ...change };
    if (clock.now() - drawnAt >= frameMilliseconds) draw();
  };
  const keep = (text: string): void => draw(`${text}\n`);

  const stopClock = clock.every(1000, () => draw());
  const redraw = (): void => draw();
  stream.on?.("resize", redraw);
  return {
    say: keep,
    row: (record, text) => {
      if (record["stage"] === "iteration") {
        state = { ...state, iterations: [...state.iterations, record] };
      }
      // Truncate rows of tables, because they must not wrap. The run's files contain all numbers.
      keep(cutText(text, readTerminalWidth(stream)));
    },
    warn: (text, record) => {
      const { advisory: name, iteration } = record ?? {};
      if (typeof name === "string" && typeof iteration === "number") {
        const advisory = `${name.replaceAll("-", " ")} (iteration ${iteration})`;
        state = { ...state, advisories: [...state.advisories, advisory] };
      }
      keep(applyStyle("yellow", maskControls(text), stream));
    },
    now: (activity, work) => update({ activity, work }),
    note: (note) => {
      if (note.kind === "trajectory") update({ notable: note.trajectory });
      else update({ iterations: note.iterations });
    },
    close: () => {
      stopClock();
      stream.off?.("resize", redraw);
      stream.write(erase());
    },
  };
}
