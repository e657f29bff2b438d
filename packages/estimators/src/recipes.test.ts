import { describe, expect, it } from "vitest";
import { paperRuns } from "./paper-runs.ts";
import { algorithmRecipes, deepSwe, grpo, gspo, recipeObjective } from "./recipes.ts";
import { evaluatePlain } from "./testing/evaluate.ts";

const inputs = {
  newLogProbs: [[-1, -2]],
  weights: [[0.5, 0.5]],
  entropies: [[1, 3]],
  fields: {
    oldLogProbs: [[-1, -2]],
    advantages: [[1, 1]],
    referenceLogProbs: [[-1.5, -1.2]],
  },
};

describe("recipeObjective", () => {
  it("adds the divergence by its weight", () => {
    // k3 is 0.1065307 and 0.4255409.
    const { loss } = evaluatePlain(recipeObjective(grpo), inputs);
    expect(loss).toBeCloseTo(-1 + 0.01 * ((0.1065307 + 0.4255409) / 2), 8);
  });

  it("adds the entropy bonus by its weight", () => {
    const { loss } = evaluatePlain(
      recipeObjective({ ...deepSwe, entropyCoefficient: 0.1 }),
      inputs,
    );
    expect(loss).toBeCloseTo(-1 - 0.1 * 2, 12);
  });

  it("needs no reference without a divergence", () => {
    expect(recipeObjective(deepSwe).needs).toEqual(["oldLogProbs", "advantages"]);
  });

  it("evaluates for every recipe", () => {
    for (const recipe of algorithmRecipes) {
      expect(evaluatePlain(recipeObjective(recipe), inputs).loss).toBeCloseTo(-1, 1);
    }
    expect(gspo.aggregation).toBe("seq-mean-token-mean");
  });
});

describe("paperRuns", () => {
  it("has every recipe without and with AEM, as often", () => {
    const count = (modulation: string): number =>
      paperRuns.filter((run) => run.modulation === modulation).length;
    expect(count("none")).toBe(count("aem"));
    expect(new Set(paperRuns.map(({ recipe }) => recipe))).toEqual(new Set(algorithmRecipes));
  });

  it("gives the differences that the paper's abstract states", () => {
    // 8.8 and 5.7 points on ALFWorld, 5.6 and 4.6 on WebShop, 1.4 on SWE-bench.
    const gains = paperRuns.flatMap((run, i) => {
      const next = paperRuns[i + 1];
      const isPair = run.modulation === "none" && (run.recipe === grpo || run.recipe === deepSwe);
      if (!isPair || next === undefined) return [];
      return [next.reported[0]!.value - run.reported[0]!.value];
    });
    expect(gains).toEqual([8.8, 5.7, 5.6, 4.6, 1.4].map((gain) => expect.closeTo(gain, 6)));
  });

  it("claims no row of PPO with AEM", () => {
    const invented = paperRuns.filter(({ isInPaper }) => !isInPaper);
    expect(new Set(invented.map(({ recipe }) => recipe.name))).toEqual(new Set(["ppo"]));
    expect(invented.every(({ reported }) => reported.length === 0)).toBe(true);
  });
});
