import { expect, it } from "vitest";
import { createStudyCell } from "../../testing/study-cells.ts";
import { checkStudy } from "../study-schema.ts";
import { analyzeStudy } from "./analyze-study.ts";
import { tabulatePower, tabulateStudyPower } from "./power-tables.ts";

it("tabulates the power of numbers of pairs before a study", () => {
  const { rows, columns } = tabulatePower(0.06, [5, 10], { effect: 0.06, power: 0.8 });
  expect(columns.map(({ name }) => name)).toEqual([
    "pairs",
    "detectable with 80 % power",
    "power for 6.0 points",
    "smallest sign-flip p",
  ]);
  // An effect of one standard deviation; see pairedPower.
  expect(rows).toEqual([
    ["5", "10.1 points", "40 %", "0.063"],
    ["10", "6.0 points", "80 %", "0.002"],
  ]);
});

it("tabulates the number of pairs that a study needs at its spread so far", () => {
  const seeds = [1, 2, 3];
  const cells = seeds.flatMap((seed) =>
    ["plain", "aem"].map((arm) => createStudyCell({ experiment: "games", arm, seed, rate: 0.5 })),
  );
  const study = checkStudy(
    {
      name: "toy",
      question: "Does it help?",
      experiments: [{ name: "games", experiment: "alfworld" }],
      arms: [{ name: "plain" }, { name: "aem" }, { name: "none" }],
      seeds,
      metric: { split: "held_out" },
      families: [
        {
          name: "main",
          pairs: [
            ["aem", "plain"],
            ["none", "plain"],
          ],
        },
      ],
    },
    "toy.yaml",
  );
  const file = { study, sha256: "a".repeat(64) };
  const { rows, columns } = tabulateStudyPower(analyzeStudy(file, cells), {
    effect: 0.1,
    power: 0.8,
  });
  expect(columns.slice(5).map(({ name }) => name)).toEqual([
    "pairs for 10.0 points",
    "at the upper end of the SD",
  ]);
  expect(rows[0]!.slice(0, 3)).toEqual(["games", "aem minus plain", "3"]);
  expect(Number(rows[0]![5])).toBeLessThan(Number(rows[0]![6]));
  expect(rows[1]).toEqual(["games", "none minus plain", "0", "-", "-", "-", "-"]);
});
