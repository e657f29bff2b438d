import { fileURLToPath } from "node:url";
import { compileAlgorithm, grpo, rolloutCorrections } from "@turnwise/estimators";
import { expect, it } from "vitest";
import {
  listExportedValues,
  listImportedValues,
  findReachableValues,
} from "./testing/declaration-graph.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Exports that no experiment uses, each with the reason why it is exported. */
const tools: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "@turnwise/estimators": {
    ratioStatistics: "diagnosis: compares two policies on the same tokens, outside a run",
    rolloutCorrections: "named values of a setting, which an experiment states by its fields",
  },
  "@turnwise/aem": {
    modulate: "library use: modulates plain arrays, for loops that are not ours",
    modulationCoefficients: "library use: coefficients of one group by the paper's formula",
    predictDrift: "theory: entropy drift that the paper's equation predicts",
  },
};

it.for(Object.keys(tools))(
  "every exported value of %s is reached by an experiment, or is a tool with a reason",
  (packageName) => {
    const index = pathOf(`../../${packageName.split("/")[1]}/src/index.ts`);
    const roots = listImportedValues(pathOf("."), packageName);
    expect(roots.length).toBeGreaterThan(0);
    const reached = findReachableValues(index, roots);
    const unreached = listExportedValues(index).filter((name) => !reached.has(name));
    expect(unreached).toEqual(Object.keys(tools[packageName]!).sort());
  },
);

it("every named rollout correction is a setting of an experiment", () => {
  for (const rule of Object.values(rolloutCorrections)) {
    const { record } = compileAlgorithm({ ...grpo, rolloutCorrection: { kind: "ratio", ...rule } });
    expect(record.rolloutCorrection).toMatchObject(rule);
  }
});
