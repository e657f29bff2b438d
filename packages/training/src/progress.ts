import { styled, terminalWidth } from "./terminal.ts";

/** Where a run tells what it does. */
export interface Reporter {
  /** A sentence that stays. */
  say(text: string): void;
  /** A row of a table that stays, and its record for machines. */
  row(record: Readonly<Record<string, unknown>>, text: string): void;
  /** What is being done at this moment; replaced by the next. */
  now(text: string): void;
  /** A warning that stays. */
  warn(text: string): void;
  close(): void;
}

/** Writes for people: rows stay, the last line changes. Off a terminal only what stays is written. */
export function textReporter(stream: NodeJS.WriteStream): Reporter {
  let shown = "";
  let shownAt = 0;
  const clear = (): void => {
    if (shown !== "") stream.write("\r\u001b[K");
    shown = "";
  };
  const keep = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  return {
    say: keep,
    row: (_record, text) => keep(text),
    warn: (text) => keep(styled("yellow", text, stream)),
    now: (text) => {
      const time = performance.now();
      // A terminal that is written to a thousand times a second slows the run.
      if (!stream.isTTY || time - shownAt < 100) return;
      shownAt = time;
      const line = text.slice(0, Math.max(20, terminalWidth(stream) - 1));
      stream.write(`\r\u001b[K${styled("dim", line, stream)}`);
      shown = line;
    },
    close: clear,
  };
}

/** Writes for machines: one JSON object a line. */
export function jsonReporter(stream: NodeJS.WritableStream): Reporter {
  const write = (record: object): void => void stream.write(`${JSON.stringify(record)}\n`);
  return {
    say: (text) => write({ type: "message", text }),
    row: (record) => write({ type: "row", ...record }),
    warn: (text) => write({ type: "warning", text }),
    now: () => undefined,
    close: () => undefined,
  };
}

/** A duration in the form `4:05` or `1:02:09`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** A share as a percentage: `43.8%`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A whole number with its thousands apart: `6,210`. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** How long work will still take, from when it began and the share that is done: `, 3:20 left`. */
export function timeLeft(started: number, share: number): string {
  if (share <= 0 || share >= 1) return "";
  const elapsed = (performance.now() - started) / 1000;
  return `, ${duration((elapsed * (1 - share)) / share)} left`;
}
