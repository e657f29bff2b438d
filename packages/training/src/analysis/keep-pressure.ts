import { computeTokenAdvantages, type Modulator } from "@turnwise/aem";

/**
 * Wraps a modulator so that only responses under pressure of one sign are trained on, where
 * pressure is `advantage * (coefficient - 1)`. The advantages of all other responses become 0,
 * including those in the dead zone. By theorem 3.2.1 positive pressure lowers entropy and negative
 * pressure raises it.
 *
 * @param sign - Sign of the pressure on the responses that are kept.
 * @see arXiv:2605.00425, analysis B
 */
export function keepPressure(modulator: Modulator, sign: 1 | -1): Modulator {
  return {
    name: `${modulator.name}, pressure ${sign === 1 ? "positive" : "negative"}`,
    needs: modulator.needs,
    modulate: (responses, random) => {
      const batch = modulator.modulate(responses, random);
      const { advantages, coefficients, tokenAdvantages } = batch;
      const isKept = responses.map(
        ({ advantage }, i) => Math.sign(advantage * (coefficients[i]! - 1)) === sign,
      );
      // If tokens have different advantages, set all of them to 0.
      const tokens =
        tokenAdvantages ??
        (responses.some((response) => response.tokenAdvantages !== undefined)
          ? computeTokenAdvantages(responses, batch)
          : undefined);
      return {
        ...batch,
        advantages: advantages.map((advantage, i) => (isKept[i] ? advantage : 0)),
        coefficients,
        ...(tokens && {
          tokenAdvantages: tokens.map((own, i) => (isKept[i] ? own : own.map(() => 0))),
        }),
      };
    },
  };
}
