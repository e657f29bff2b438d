import { outputMarkers } from "../instances/eval-script.ts";

/** An evaluation script in two parts that can run as separate commands. */
export interface SplitScript {
  /** Lines before the start marker: activation, installation, test patch. */
  readonly setup: string;
  /** Lines between the markers; the whole script if it has none. */
  readonly tests: string;
}

/** Splits an evaluation script at its marker lines; lines after the end marker are dropped. */
export function splitEvalScript(script: string): SplitScript {
  const lines = script.split("\n");
  const isMarker = (line: string, marker: string): boolean =>
    /^(?::|echo)\s/u.test(line) && line.includes(marker);
  const start = lines.findIndex((line) => isMarker(line, outputMarkers.start));
  const end = lines.findLastIndex((line) => isMarker(line, outputMarkers.end));
  if (start === -1 || end < start) return { setup: "", tests: script };
  // This line would hide the exit code of the test command.
  const tests = lines.slice(start + 1, end).filter((line) => line !== "SWEBENCH_TEST_EXIT_CODE=$?");
  return { setup: `${lines.slice(0, start).join("\n")}\n`, tests: `${tests.join("\n")}\n` };
}
