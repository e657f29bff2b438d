import type { Law } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { actionModulator } from "./action-modulator.ts";
import { compileModulator } from "./compile-modulator.ts";
import { criticalModulator } from "./critical-modulator.ts";
import { empgModulator } from "./empg-modulator.ts";
import { entropyModulator } from "./entropy-modulator.ts";
import { entropyModulationClaims, modulatorLaws, type ModulatorClaim } from "./laws.ts";
import { modulate } from "./modulate.ts";
import { identityModulator, type Modulator } from "./modulator.ts";
import { modulators } from "./modulators.ts";
import { randomModulator } from "./random-modulator.ts";
import { shapingModulator } from "./shaping-modulator.ts";
import { measureUncertainty } from "./uncertainty.ts";

function itHolds(laws: readonly Law[]): void {
  for (const { name, check } of laws) it(`law of ${name}`, check);
}

function all(...but: ModulatorClaim[]): ModulatorClaim[] {
  return entropyModulationClaims.filter((claim) => !but.includes(claim));
}

/** A wrapper that turns `modulate` into a modulator. */
const short: Modulator = {
  name: "modulate",
  needs: ["response-entropy"],
  modulate: (responses) => ({
    ...modulate(
      responses.map(({ advantage }) => advantage),
      responses.map(({ uncertainty }) => measureUncertainty(uncertainty).mean),
      responses.map(({ group }) => group),
    ),
    uncertainty: "entropy",
  }),
};

describe("laws of the modulators", () => {
  itHolds(modulatorLaws(short, all(), { maxFactor: Math.E }));
  itHolds(modulatorLaws(identityModulator, all(), { maxFactor: 1 }));
  itHolds(modulatorLaws(entropyModulator(), all(), { maxFactor: Math.E }));
  itHolds(modulatorLaws(entropyModulator({ strength: 0 }), all(), { maxFactor: 1 }));
  for (const scope of ["trajectory", "turn", "batch"] as const) {
    const options = { scope, maxFactor: Math.exp(2) };
    itHolds(modulatorLaws(entropyModulator({ scope, strength: 2 }), all(), options));
  }
  itHolds(
    modulatorLaws(entropyModulator({ direction: "uncertain" }), [
      ...all("favours-certainty"),
      "favours-uncertainty",
    ]),
  );
  itHolds(modulatorLaws(entropyModulator({ normalization: "none" }), all()));
  itHolds(
    modulatorLaws(
      entropyModulator({ reduction: "sum" }),
      // The summed entropy grows with the response length, so these laws do not hold.
      all("favours-certainty", "shift-invariant"),
    ),
  );
  itHolds(
    modulatorLaws(
      entropyModulator({ unit: "token" }),
      // The mean of 1 is over tokens, not responses.
      all("mean-one", "favours-certainty", "shift-invariant"),
    ),
  );
  itHolds(
    modulatorLaws(
      entropyModulator({ shuffle: true }),
      all("favours-certainty", "order-free", "independent-scopes", "shift-invariant"),
    ),
  );
  // EMPG centers the batch and adds a bonus, so few of these laws apply.
  itHolds(modulatorLaws(empgModulator(), ["advantage-blind", "order-free"], { scope: "batch" }));
  itHolds(
    modulatorLaws(
      empgModulator({ futureBonus: 0, mean: "keep" }),
      ["scales", "keeps-signs", "advantage-blind", "order-free", "favours-certainty"],
      { scope: "batch", maxFactor: Math.E },
    ),
  );
});

describe("laws of the controls", () => {
  const scaled: readonly ModulatorClaim[] = ["scales", "keeps-signs"];
  for (const failures of ["same", "mirrored"] as const) {
    const claims: readonly ModulatorClaim[] =
      failures === "same"
        ? [...scaled, "mean-one", "advantage-blind", "order-free", "favours-uncertainty"]
        : [...scaled, "mean-one", "order-free"];
    itHolds(
      modulatorLaws(shapingModulator({ unit: "response", failures }), [
        ...claims,
        "independent-scopes",
        "identity-when-flat",
      ]),
    );
    itHolds(
      modulatorLaws(shapingModulator({ unit: "token", failures }), [
        ...scaled,
        "independent-scopes",
        "order-free",
        "identity-when-flat",
      ]),
    );
  }
  const masked: readonly ModulatorClaim[] = [
    "scales",
    "keeps-signs",
    "advantage-blind",
    "independent-scopes",
    "order-free",
    "favours-uncertainty",
    "identity-when-flat",
  ];
  for (const criticalShare of [0.25, 0.5, 0.9]) {
    itHolds(
      modulatorLaws(criticalModulator({ criticalShare, scope: "turn" }), masked, { scope: "turn" }),
    );
    itHolds(
      modulatorLaws(criticalModulator({ criticalShare, calibration: "mean-one" }), [
        ...masked,
        "mean-one",
      ]),
    );
  }
  itHolds(modulatorLaws(actionModulator(), [...scaled, "advantage-blind", "order-free"]));
  itHolds(
    modulatorLaws(actionModulator({ reasoningWeight: 0, uncertaintyStrength: 1 }), [
      ...scaled,
      "independent-scopes",
      "order-free",
    ]),
  );
  itHolds(modulatorLaws(randomModulator(), [...scaled, "advantage-blind", "identity-when-flat"]));
});

describe("laws of the modulators with a name", () => {
  for (const [name, record] of Object.entries(modulators)) {
    const modulator = compileModulator(record);
    itHolds(modulatorLaws({ ...modulator, name: `${name}: ${modulator.name}` }, []));
  }
});

describe("a law that does not hold", () => {
  it("names itself, its source and the smallest counterexample", () => {
    const broken: Modulator = {
      name: "doubled",
      needs: [],
      modulate: (responses) => {
        const result = short.modulate(responses);
        return { ...result, coefficients: result.coefficients.map((c) => 2 * c) };
      },
    };
    const law = modulatorLaws(broken, ["mean-one"]).at(-1);
    expect(() => law!.check()).toThrow(
      /law "doubled: coefficients have mean 1" \(self-calibration\) does not hold[^]*Counterexample: \[\[\{[^]*mean of scope 0 must be 1, got 2/u,
    );
  });
});
