import { expect, it } from "vitest";
import { printedOutput } from "../printed-output.ts";

it("prints what its README says", () => {
  const { printed, promised } = printedOutput(new URL(".", import.meta.url));
  expect(printed).toBe(promised);
});
