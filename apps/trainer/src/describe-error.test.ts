import { describe, expect, it } from "vitest";
import { InputError } from "@turnwise/training";
import { describeError } from "./describe-error.ts";

describe("describeError", () => {
  it("joins the lines of a message, and keeps its control characters from the terminal", () => {
    const said = "status must be 200, got 500:\n  \u001b]0;mine\u0007\u001b[2J gone\r\n";
    expect(describeError(new InputError(said))).toEqual({
      message: "status must be 200, got 500:; \u{fffd}]0;mine\u{fffd}\u{fffd}[2J gone",
      exitCode: 2,
    });
  });
});
