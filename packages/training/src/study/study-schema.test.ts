import { describe, expect, it } from "vitest";
import { computeDigest } from "./canonical-json.ts";
import {
  checkStudy,
  listFamilyExperiments,
  describeMetric,
  findPrimaryEvaluation,
  listArms,
  type StudyInput,
} from "./study-schema.ts";

const minimal: StudyInput = {
  name: "aem",
  question: "Does AEM help?",
  experiments: ["alfworld"],
  grid: { algorithms: ["grpo", "dapo"], modulators: ["none", "aem"] },
  seeds: "1-3",
  metric: { split: "held_out" },
};

describe("findPrimaryEvaluation", () => {
  const evaluations = [
    { phase: "before", split: "seen", mode: "sampled" },
    { phase: "after", split: "seen", mode: "greedy" },
    { phase: "after", split: "seen", mode: "sampled" },
    { phase: "after", split: "unseen", mode: "sampled" },
  ];
  const metric = { mode: "sampled", measure: "success" } as const;

  it("takes the split of the metric, or the first one", () => {
    expect(findPrimaryEvaluation(evaluations, metric)).toBe(evaluations[2]);
    expect(findPrimaryEvaluation(evaluations, { ...metric, split: "unseen" })).toBe(evaluations[3]);
    expect(findPrimaryEvaluation(evaluations, metric, "before")).toBe(evaluations[0]);
    expect(findPrimaryEvaluation(evaluations, { ...metric, split: "other" })).toBeUndefined();
    expect(describeMetric(metric)).toBe("success (sampled)");
    expect(describeMetric({ ...metric, split: "unseen" })).toBe("success on unseen (sampled)");
  });
});

describe("checkStudy", () => {
  it("expands short forms and states every default", () => {
    const study = checkStudy(minimal, "aem.yaml");
    expect(study.experiments).toEqual([{ name: "alfworld", experiment: "alfworld", settings: {} }]);
    expect(study.seeds).toEqual([1, 2, 3]);
    expect(study.metric).toEqual({ split: "held_out", mode: "sampled", measure: "success" });
    expect(study.evaluation).toEqual({ numTasks: 1024 });
    expect(study.checkpoint).toBe("last");
    expect(listArms(study)).toEqual([
      {
        name: "grpo-none",
        algorithm: { preset: "grpo" },
        modulator: { preset: "none" },
        settings: {},
      },
      {
        name: "grpo-aem",
        algorithm: { preset: "grpo" },
        modulator: { preset: "aem" },
        settings: {},
      },
      {
        name: "dapo-none",
        algorithm: { preset: "dapo" },
        modulator: { preset: "none" },
        settings: {},
      },
      {
        name: "dapo-aem",
        algorithm: { preset: "dapo" },
        modulator: { preset: "aem" },
        settings: {},
      },
    ]);
  });

  it("compares a family where all of its arms run", () => {
    const study = checkStudy(
      {
        ...minimal,
        experiments: ["alfworld", "webshop"],
        arms: [{ name: "strong", experiments: ["webshop"] }],
        families: [
          { name: "grpo", pairs: [["grpo-aem", "grpo-none"]] },
          { name: "controls", pairs: [["strong", "grpo-none"]] },
        ],
      },
      "aem.yaml",
    );
    expect(study.families.map((family) => listFamilyExperiments(study, family))).toEqual([
      ["alfworld", "webshop"],
      ["webshop"],
    ]);
  });

  it.each([
    [
      { arms: [{ name: "strong", experiments: ["shop"] }] },
      "aem.yaml: arms.strong.experiments must name experiments (alfworld, webshop), got shop",
    ],
    [
      {
        arms: [{ name: "strong", experiments: ["webshop"] }],
        families: [
          { name: "controls", pairs: [["strong", "grpo-none"]], experiments: ["alfworld"] },
        ],
      },
      "aem.yaml: families.controls.pairs must contain arms that all run in alfworld, got strong, grpo-none",
    ],
    [
      {
        arms: [
          { name: "strong", experiments: ["webshop"] },
          { name: "weak", experiments: ["alfworld"] },
        ],
        families: [{ name: "controls", pairs: [["strong", "weak"]] }],
      },
      "aem.yaml: families.controls.pairs must contain arms that all run in at least one common experiment, got strong, weak",
    ],
  ] as const)("refuses arms and families without a common experiment: %j", (changes, message) => {
    const study = { ...minimal, experiments: ["alfworld", "webshop"], ...changes };
    expect(() => checkStudy(study, "aem.yaml")).toThrow(message);
  });

  it("gives equal studies the same digest, in any notation", () => {
    const { name, ...rest } = minimal;
    const other = { ...rest, seeds: [1, 2, 3], checkpoint: "last", name };
    const [one, two] = [minimal, other].map((value) =>
      computeDigest(checkStudy(value, "aem.yaml")),
    );
    expect(one).toBe(two);
    expect(one).not.toBe(computeDigest(checkStudy({ ...minimal, seeds: [1, 2] }, "aem.yaml")));
  });

  it.each([
    [{ seeds: "1-x" }, "aem.yaml: seeds must be of type array, got"],
    [{ seeds: [1, 1] }, "aem.yaml: seeds must have different names, got 1 twice"],
    [{ grid: {} }, "aem.yaml: arms or a list of grid must have at least one entry, got none"],
    [{ arms: [{ name: "grpo-aem" }] }, "aem.yaml: arms must have different names, got grpo-aem"],
    [{ arms: [{ name: "a/b" }] }, "aem.yaml: arms.0.name must be valid: "],
    [{ best: true }, "aem.yaml: best must be a known key; known keys: name, question"],
    [
      { families: [{ name: "f", pairs: [["grpo-aem", "identity"]] }] },
      "aem.yaml: families.f.pairs must name arms (grpo-none, grpo-aem, dapo-none, dapo-aem), got identity",
    ],
    [
      { families: [{ name: "f", pairs: [["grpo-aem", "grpo-none"]], experiments: ["webshop"] }] },
      "aem.yaml: families.f.experiments must name experiments (alfworld), got webshop",
    ],
  ])("refuses %j", (change, message) => {
    expect(() => checkStudy({ ...minimal, ...change }, "aem.yaml")).toThrow(message);
  });
});
