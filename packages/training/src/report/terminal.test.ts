import { afterEach, expect, it, vi } from "vitest";
import { applyStyle, readTerminalWidth, usesColor } from "./terminal.ts";

afterEach(() => vi.unstubAllEnvs());

it("takes the width from COLUMNS, then from the terminal, then 80", () => {
  expect(readTerminalWidth({ columns: 120 }, { COLUMNS: "40" })).toBe(40);
  expect(readTerminalWidth({ columns: 120 }, {})).toBe(120);
  expect(readTerminalWidth({}, {})).toBe(80);
  for (const COLUMNS of ["", "0", "-3", "wide", "1.5"]) {
    expect(readTerminalWidth({ columns: 120 }, { COLUMNS })).toBe(120);
  }
});

it("uses colors on terminals only, and none with NO_COLOR or a dumb terminal", () => {
  expect(usesColor({ isTTY: true }, {})).toBe(true);
  expect(usesColor({}, {})).toBe(false);
  expect(usesColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
  expect(usesColor({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
  expect(usesColor({ isTTY: true }, { TERM: "dumb" })).toBe(false);
});

it("leaves a text plain under NO_COLOR", () => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
  expect(applyStyle("bold", "text", { isTTY: true })).toBe("\u001b[1mtext\u001b[22m");
  vi.stubEnv("NO_COLOR", "1");
  expect(applyStyle("bold", "text", { isTTY: true })).toBe("text");
});
