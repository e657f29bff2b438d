import { formatDuration } from "./format-numbers.ts";
import type { RunNote, WorkInProgress } from "./run-note.ts";
import { applyStyle, readTerminalWidth, type OutputStream } from "./terminal.ts";
import { maskControls } from "./text-width.ts";

/** Output of a run's progress. */
export interface Reporter {
  /** Prints a permanent line. */
  say(text: string): void;
  /** Prints a permanent row of a table, or its record as JSON. */
  row(record: Readonly<Record<string, unknown>>, text: string): void;
  /** Shows the current activity until the next call. `work` has the same information as numbers. */
  now(text: string, work?: WorkInProgress): void;
  /** Shows a record on a live screen or as JSON; text logs omit it. */
  note?(note: RunNote): void;
  /** Prints a permanent warning, or its text and record as JSON. */
  warn(text: string, record?: Readonly<Record<string, unknown>>): void;
  close(): void;
}

/** Maximum time without output if the output is not a terminal, seconds. */
const maxSilence = 10;

/**
 * Repeats the current activity while nothing else is written, so that there is regular output in a
 * log.
 * @param show - Writes the activity and the number of seconds since it last changed.
 */
function createHeartbeat(
  show: (text: string, seconds: number, work: WorkInProgress | undefined) => void,
): {
  readonly wrote: () => void;
  readonly now: (text: string, work?: WorkInProgress) => void;
  readonly close: () => void;
} {
  let current = "";
  let currentWork: WorkInProgress | undefined;
  let currentSince = performance.now();
  let wroteAt = performance.now();
  const beat = (): void => {
    const time = performance.now();
    // Return if there is no activity, or if the next beat is early enough.
    if (current === "" || time - wroteAt < (maxSilence - 1.5) * 1000) return;
    wroteAt = time;
    show(current, Math.round((time - currentSince) / 1000), currentWork);
  };
  const timer = setInterval(beat, 1000);
  timer.unref();
  return {
    wrote: () => {
      wroteAt = performance.now();
    },
    now: (text, work) => {
      if (text !== current) currentSince = performance.now();
      [current, currentWork] = [text, work];
      beat();
    },
    close: () => clearInterval(timer),
  };
}

const describeUnchanged = (seconds: number): string =>
  seconds < maxSilence ? "" : ` (for ${formatDuration(seconds)})`;

/**
 * Creates a reporter that writes text. On a terminal the last line shows the current activity; otherwise
 * it is written as a separate line at least every 10 seconds.
 */
export function createTextReporter(stream: OutputStream): Reporter {
  let shown = "";
  let shownAt = 0;
  const clear = (): void => {
    if (shown !== "") stream.write("\r\u001b[K");
    shown = "";
  };
  const keep = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
    beats?.wrote();
  };
  const beats = stream.isTTY
    ? undefined
    : createHeartbeat((text, seconds) => stream.write(`${text}${describeUnchanged(seconds)}\n`));
  return {
    say: keep,
    row: (_record, text) => keep(text),
    warn: (text) => keep(applyStyle("yellow", maskControls(text), stream)),
    now: (text) => {
      if (beats) {
        beats.now(text);
        return;
      }
      const time = performance.now();
      // Writing to a terminal a thousand times a second would slow the run.
      if (time - shownAt < 100) return;
      shownAt = time;
      const line = text.slice(0, Math.max(20, readTerminalWidth(stream) - 1));
      stream.write(`\r\u001b[K${applyStyle("dim", line, stream)}`);
      shown = line;
    },
    close: () => {
      beats?.close();
      clear();
    },
  };
}

/**
 * Creates a reporter that writes one JSON object per line. It writes the current activity at least
 * every 10 seconds.
 */
export function createJsonReporter(stream: Pick<OutputStream, "write">): Reporter {
  const put = (record: object): void => void stream.write(`${JSON.stringify(record)}\n`);
  const beats = createHeartbeat((text, seconds, work) =>
    put({ type: "progress", text, seconds, ...(work && { work }) }),
  );
  const write = (record: object): void => {
    put(record);
    beats.wrote();
  };
  return {
    say: (text) => write({ type: "message", text }),
    row: (record) => write({ type: "row", ...record }),
    warn: (text, record) => write({ type: "warning", text, ...record }),
    now: beats.now,
    note: (note) => {
      if (note.kind === "trajectory") write({ type: "trajectory", ...note.trajectory });
    },
    close: beats.close,
  };
}
