import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { modulationCoefficients } from "./modulation-coefficients.ts";
import { createConformance, toNumber, type Conformance } from "./testing/create-conformance.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const conformance = JSON.parse(readFileSync(`${folder}conformance.json`, "utf8")) as Conformance;

describe("conformance.json", () => {
  // If it fails after an intended change: scripts/conformance.ts writes the file.
  it("contains what this package computes", () => {
    const computed: unknown = JSON.parse(JSON.stringify(createConformance()));
    expect(conformance).toEqual(computed);
  });

  it("contains the worked example and the edge cases by hand", () => {
    const find = (name: string) =>
      conformance.groups.find((entry) => entry.name === name)!.coefficients;
    expect(find("worked example").map((c) => c.toFixed(4))).toEqual(["1.4227", "1.0539", "0.5234"]);
    const ones = ["equal entropies", "single response", "dead zone", "zero strength"];
    expect(ones.flatMap(find).every((coefficient) => coefficient === 1)).toBe(true);
    // Weights 1, 0, 0, 1 have the mean 1/2.
    expect(find("strength so large that weights underflow")).toEqual([2, 0, 0, 2]);
    const turn = conformance.batches.find(({ name }) => name === "turn")!;
    // Entropies 0.2 and 1.4 of turn 0: weights 1 and 1/e.
    expect(turn.coefficients[0]).toBeCloseTo(2 / (1 + Math.exp(-1)), 12);
    // Turn 2 has one response.
    expect(turn.coefficients[2]).toBe(1);
  });

  it.each(conformance.errors)("refuses: $name", ({ entropies, options }) => {
    const numbers = Object.entries(options).map(([name, value]) => [name, toNumber(value)]);
    expect(() =>
      modulationCoefficients(entropies.map(toNumber), Object.fromEntries(numbers)),
    ).toThrow(RangeError);
  });

  it("is published with the package", () => {
    const listed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: folder,
      encoding: "utf8",
    });
    const [packed] = JSON.parse(listed) as { files: { path: string }[] }[];
    expect(packed!.files.map(({ path }) => path)).toContain("conformance.json");
  });
});
