import { measureUncertainty, type CreditedResponse, type Modulator } from "@turnwise/aem";
import { definePart } from "@turnwise/training";

/**
 * Creates a modulator that weights each response by `exp(-strength * (entropy - lowest entropy))`,
 * scaled to mean 1 in its group.
 * Unlike AEM it does not scale entropies to [0, 1] first.
 * @param strength - Per nat, `>= 0`; 0 leaves advantages unchanged.
 */
export function createModulator(strength: number): Modulator {
  return {
    name: `my-modulator(strength=${strength})`,
    needs: ["response-entropy"],
    modulate: (responses) => {
      const coefficients = responses.map(() => 1);
      for (const members of listGroups(responses)) {
        const entropies = members.map((i) => computeEntropy(responses[i]!));
        const lowest = Math.min(...entropies);
        const weights = entropies.map((entropy) => Math.exp(-strength * (entropy - lowest)));
        const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
        members.forEach((i, member) => {
          coefficients[i] = weights[member]! / mean;
        });
      }
      return {
        advantages: responses.map(({ advantage }, i) => advantage * coefficients[i]!),
        coefficients,
        uncertainty: responses[0]?.uncertainty.kind,
      };
    },
  };
}

/** Lists the indices of the responses of each group. */
function listGroups(responses: readonly CreditedResponse[]): number[][] {
  const groups = new Map<number | string, number[]>();
  responses.forEach(({ group }, i) => {
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [i]);
    else members.push(i);
  });
  return [...groups.values()];
}

/** Computes the mean token entropy of a response, nats per token. */
function computeEntropy({ uncertainty }: CreditedResponse): number {
  return measureUncertainty(uncertainty).mean;
}

/** The modulator as a part: `--set modulation.options.strength=2` changes its option. */
export const modulator = definePart({
  name: "my-modulator",
  options: { strength: 1 },
  create: ({ strength }) => createModulator(strength),
});
