import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { empgModulator } from "./empg-modulator.ts";
import { entropyModulator, type EntropyModulatorOptions } from "./entropy-modulator.ts";
import { modulationCoefficients } from "./modulation-coefficients.ts";
import { identityModulator, type CreditedResponse } from "./modulator.ts";
import type { Uncertainty } from "./uncertainty.ts";

function response(
  place: string,
  advantage: number,
  entropies: readonly number[],
): CreditedResponse {
  const [group, trajectory, turn] = place.split("/");
  return {
    group: group!,
    trajectory: trajectory!,
    turn: Number(turn),
    advantage,
    uncertainty: { kind: "entropy", entropies },
  };
}

// Mean entropies 0.2, 0.5, 1.2: the worked example, as two trajectories of one group.
const batch = [
  response("g/0/0", 1, [0.1, 0.3]),
  response("g/1/0", -1, [0.5]),
  response("g/1/1", -1, [1, 1, 1.6]),
];

function coefficientsOf(options: EntropyModulatorOptions, responses = batch): string[] {
  return entropyModulator(options)
    .modulate(responses)
    .coefficients.map((c) => c.toFixed(4));
}

describe("entropyModulator", () => {
  it("computes the worked example over the group", () => {
    expect(coefficientsOf({})).toEqual(["1.4227", "1.0539", "0.5234"]);
    expect(
      entropyModulator()
        .modulate(batch)
        .advantages.map((a) => a.toFixed(4)),
    ).toEqual(["1.4227", "-1.0539", "-0.5234"]);
  });

  it("compares within a trajectory, or a turn", () => {
    // Two values: 1 and exp(-1), over their mean 0.6839.
    expect(coefficientsOf({ scope: "trajectory" })).toEqual(["1.0000", "1.4621", "0.5379"]);
    expect(coefficientsOf({ scope: "turn" })).toEqual(["1.4621", "0.5379", "1.0000"]);
  });

  it("compares over the batch", () => {
    const two = [...batch, response("h/0/0", 1, [2.2])];
    expect(coefficientsOf({}, two)[3]).toBe("1.0000");
    const all = modulationCoefficients([0.2, 0.5, 1.2, 2.2]).map((c) => c.toFixed(4));
    expect(coefficientsOf({ scope: "batch" }, two)).toEqual(all);
  });

  it("distinguishes trajectories of one name in different groups", () => {
    const two = [response("g/0/0", 1, [0]), response("h/0/0", 1, [9])];
    for (const scope of ["group", "trajectory", "turn"] as const) {
      expect(coefficientsOf({ scope }, two)).toEqual(["1.0000", "1.0000"]);
    }
  });

  it("turns around", () => {
    // exp(-(1 - h)) for h 0, 0.3, 1: 0.3679, 0.4966, 1 over 0.6215.
    expect(coefficientsOf({ direction: "uncertain" })).toEqual(["0.5919", "0.7990", "1.6090"]);
  });

  it("supports entropies in nats", () => {
    // exp(0) and exp(-2); min-max scaling would give exp(0) and exp(-1).
    const wide = [response("g/0/0", 1, [0]), response("g/0/1", 1, [2])];
    expect(coefficientsOf({ normalization: "none" }, wide)).toEqual(["1.7616", "0.2384"]);
  });

  it("supports the sum over tokens", () => {
    // Sums 0.4, 0.5, 3.6: h 0, 0.03125, 1.
    const expected = modulationCoefficients([0.4, 0.5, 3.6]).map((c) => c.toFixed(4));
    expect(coefficientsOf({ reduction: "sum" })).toEqual(expected);
  });

  it("distinguishes tokens", () => {
    const { tokenAdvantages, advantages } = entropyModulator({ unit: "token" }).modulate(batch);
    const tokens = modulationCoefficients([0.1, 0.3, 0.5, 1, 1, 1.6]);
    expect(tokenAdvantages).toEqual([
      [tokens[0], tokens[1]],
      [-tokens[2]!],
      [-tokens[3]!, -tokens[4]!, -tokens[5]!],
    ]);
    expect(advantages[0]).toBeCloseTo((tokens[0]! + tokens[1]!) / 2, 12);
  });

  it("permutes coefficients at random, each used once", () => {
    const many = Array.from({ length: 12 }, (_, i) => response(`g/${i}/0`, 1, [i]));
    const shuffled = entropyModulator({ shuffle: true })
      .modulate(many, createRandom(1))
      .coefficients.map((c) => c.toFixed(4));
    expect(shuffled).not.toEqual(coefficientsOf({}, many));
    expect(shuffled.toSorted()).toEqual(coefficientsOf({}, many).toSorted());
  });

  it("does not change responses without tokens, or use them for others", () => {
    const withEmpty = [...batch, response("g/2/0", -3, [])];
    for (const unit of ["response", "token"] as const) {
      const { advantages, coefficients } = entropyModulator({ unit }).modulate(withEmpty);
      expect(advantages[3]).toBe(-3);
      expect(coefficients[3]).toBe(1);
    }
    expect(coefficientsOf({}, withEmpty).slice(0, 3)).toEqual(coefficientsOf({}));
  });

  it("reports the kind of uncertainty", () => {
    const as = (uncertainty: Uncertainty): CreditedResponse => ({ ...batch[0]!, uncertainty });
    const given = [
      as({ kind: "entropy", entropies: [1] }),
      as({ kind: "top-k", low: [1], high: [1.01] }),
      as({ kind: "surprisal", logProbs: [-1] }),
    ];
    const kinds = given.map((one) => entropyModulator().modulate([one]).uncertainty);
    expect(kinds).toEqual(["entropy", "top-k", "surprisal"]);
    expect(entropyModulator().modulate([]).uncertainty).toBeUndefined();
    expect(() => entropyModulator().modulate(given)).toThrow(
      'entropyModulator: responses[1].uncertainty.kind must be "entropy" as in the other responses, got "top-k"',
    );
  });

  it("refuses top-k entropies that cannot decide its dead zone", () => {
    const topK = (high: number): CreditedResponse => ({
      ...batch[0]!,
      uncertainty: { kind: "top-k", low: [1], high: [high] },
    });
    expect(() => entropyModulator().modulate([topK(1.25)])).toThrow(
      "entropyModulator: top-k entropies of group g must be known to within minEntropyRange (0.1), got bounds 0.25 apart",
    );
    expect(entropyModulator().modulate([topK(1.0625)]).coefficients).toEqual([1]);
    const two: CreditedResponse = {
      ...batch[0]!,
      uncertainty: { kind: "top-k", low: [1, 1], high: [1.0625, 1.0625] },
    };
    expect(() => entropyModulator({ reduction: "sum" }).modulate([two])).toThrow("0.125 apart");
  });

  it("has all options in its name", () => {
    expect(entropyModulator({ shuffle: true }).name).toBe(
      "aem(strength=1,minEntropyRange=0.1,scope=group,direction=certain,normalization=min-max,reduction=mean,unit=response,shuffle=true)",
    );
  });

  it("permutes differently in each iteration, and requires its random stream", () => {
    const many = Array.from({ length: 12 }, (_, i) => response(`g/${i}/0`, 1, [i]));
    const shuffled = entropyModulator({ shuffle: true });
    const coefficients = (iteration: number): number[] =>
      shuffled.modulate(many, createRandom(7).fork(`iteration/${iteration}`)).coefficients;
    expect(coefficients(0)).toEqual(coefficients(0));
    expect(coefficients(1)).not.toEqual(coefficients(0));
    expect(() => shuffled.modulate(many)).toThrow(
      new TypeError("entropyModulator: random must be given, got undefined"),
    );
  });

  it("names the invalid argument", () => {
    expect(() => entropyModulator({ strength: NaN })).toThrow(
      "entropyModulator: strength must be finite and >= 0, got NaN",
    );
    expect(() => entropyModulator().modulate([response("g/0/0", NaN, [1])])).toThrow(
      "entropyModulator: advantages[0] must be finite, got NaN",
    );
    expect(() => entropyModulator().modulate([response("g/0/0", 1, [-1])])).toThrow(
      "measureUncertainty: entropies[0] must be finite and >= 0, got -1",
    );
    expect(() => identityModulator.modulate([response("g/0/0", NaN, [1])])).toThrow(
      "identityModulator: advantages[0] must be finite, got NaN",
    );
  });
});

describe("empgModulator", () => {
  it("adds the clarity of the next turn and subtracts the mean", () => {
    // Scaled 0, 0.3, 1: g 1.4227, 1.0539, 0.5234. The second's next turn is the third: 0.05 e^-1.
    const raw = [1.42268, -1.05395 + 0.05 * Math.exp(-1), -0.52337];
    const mean = (raw[0]! + raw[1]! + raw[2]!) / 3;
    const { advantages } = empgModulator().modulate(batch);
    advantages.forEach((advantage, i) => expect(advantage).toBeCloseTo(raw[i]! - mean, 4));
    const kept = empgModulator({ mean: "keep" }).modulate(batch).advantages;
    kept.forEach((advantage, i) => expect(advantage).toBeCloseTo(raw[i]!, 4));
  });

  it("scales over the batch, not the group", () => {
    const two = [...batch, response("h/0/0", 1, [9])];
    expect(empgModulator().modulate(two).coefficients[0]).not.toBeCloseTo(1.4227, 2);
  });

  it("weights the next turn by a separate strength", () => {
    const [, second] = empgModulator({ futureStrength: 0, futureBonus: 1, mean: "keep" }).modulate(
      batch,
    ).advantages;
    expect(second).toBeCloseTo(-1.05395 + 1, 4);
  });

  it("accepts an empty batch, and names the invalid argument", () => {
    expect(empgModulator().modulate([]).advantages).toEqual([]);
    expect(() => empgModulator({ futureBonus: -1 })).toThrow(
      "empgModulator: futureBonus must be finite and >= 0, got -1",
    );
  });
});
