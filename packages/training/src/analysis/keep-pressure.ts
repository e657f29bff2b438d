import { computeTokenAdvantages, type Modulator } from "@turnwise/aem";

/**
 * Modulator that keeps only responses on which another one exerts pressure of one sign:
 * `sign(advantage * (coefficient - 1))`. The advantages of all others become 0, those in the dead zone
 * included. By theorem 3.2.1 positive pressure lowers entropy and negative pressure raises it.
 *
 * @param sign - Of the responses that stay.
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
      // Responses whose tokens differ get their zeros token by token.
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
