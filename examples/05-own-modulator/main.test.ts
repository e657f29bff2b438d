import { expect, it } from "vitest";
import { runExample } from "../run-example.ts";

it("prints what its README says", () => {
  const { printed, promised } = runExample(new URL(".", import.meta.url));
  expect(printed).toBe(promised);
});
