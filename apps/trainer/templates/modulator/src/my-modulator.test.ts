import { modulatorLaws } from "@turnwise/aem/laws";
import { describe, expect, it } from "vitest";
import { createModulator } from "./my-modulator.ts";

describe("my-modulator", () => {
  it("gives the response of lower entropy the larger coefficient", () => {
    const { coefficients } = createModulator(1).modulate(
      [0, 1].map((entropy, trajectory) => ({
        group: "only",
        trajectory,
        turn: 0,
        advantage: 1,
        uncertainty: { kind: "entropy", entropies: [entropy] },
      })),
    );
    // Weights 1 and exp(-1) = 0.3679, divided by their mean of 0.6839.
    expect(coefficients[0]).toBeCloseTo(1.4621, 4);
    expect(coefficients[1]).toBeCloseTo(0.5379, 4);
  });

  for (const { name, check } of modulatorLaws(createModulator(1), [
    "scales",
    "keeps-signs",
    "mean-one",
    "advantage-blind",
    "independent-scopes",
    "order-free",
    "favours-certainty",
    "shift-invariant",
    "identity-when-flat",
  ])) {
    it(`law of ${name}`, check);
  }
});
