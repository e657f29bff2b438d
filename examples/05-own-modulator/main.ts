/** Tests a custom modulator against the laws of AEM. */
import type { CreditedResponse, Modulator } from "@turnwise/aem";
import { modulatorLaws } from "@turnwise/aem/laws";

function computeMeanEntropy({ uncertainty }: CreditedResponse): number {
  if (uncertainty.kind !== "entropy") throw new TypeError("needs exact entropies");
  const { entropies } = uncertainty;
  return entropies.reduce((sum, entropy) => sum + entropy, 0) / entropies.length;
}

/** Halves the advantage of responses whose mean entropy is above a threshold. */
const threshold: Modulator = {
  name: "threshold",
  needs: ["response-entropy"],
  modulate: (responses) => {
    const coefficients = responses.map((response) => (computeMeanEntropy(response) > 1 ? 0.5 : 1));
    const advantages = responses.map(({ advantage }, i) => advantage * coefficients[i]!);
    return { advantages, coefficients, uncertainty: "entropy" };
  },
};

/** The same modulator, scaled to mean 1 over each prompt group. */
const calibrated: Modulator = {
  name: "calibrated threshold",
  needs: ["response-entropy"],
  modulate: (responses) => {
    const { coefficients: raw } = threshold.modulate(responses);
    const coefficients = raw.map((own, i) => {
      const siblings = raw.filter((_, j) => responses[j]!.group === responses[i]!.group);
      return own / (siblings.reduce((sum, c) => sum + c, 0) / siblings.length);
    });
    const advantages = responses.map(({ advantage }, i) => advantage * coefficients[i]!);
    return { advantages, coefficients, uncertainty: "entropy" };
  },
};

for (const modulator of [threshold, calibrated]) {
  console.log(modulator.name);
  // In a test suite: `for (const law of modulatorLaws(modulator)) it(law.name, law.check)`.
  for (const law of modulatorLaws(modulator, undefined, { seed: 1 })) {
    const statement = law.name.slice(modulator.name.length + 2);
    try {
      await law.check();
      console.log(`  holds       ${statement}`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.log(`  FAILS       ${statement}`);
      console.log(`              ${error.message.split("\n").at(-1)}`);
    }
  }
}
