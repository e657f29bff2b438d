import {
  checkFinite,
  checkInteger,
  checkSameLength,
  type ObjectiveField,
  type ObjectiveInputs,
  type PlainTensor,
  type Segments,
} from "@turnwise/core";
import { isLogProb } from "./check-log-probs.ts";

/**
 * Checks that all inputs have the same length, and valid numbers at every token with nonzero
 * weight. An entropy may be NaN if the engine does not provide it.
 * @throws `RangeError` naming the first invalid entry.
 */
export function checkObjectiveInputs(
  where: string,
  { newLogProbs, entropies, weights, responses, fields }: ObjectiveInputs<PlainTensor, Segments>,
  needs: readonly ObjectiveField[],
): void {
  checkSameLength(where, { newLogProbs, entropies, weights, "responses.ids": responses.ids });
  checkFinite(where, { weights });
  checkInteger(where, { "responses.count": responses.count }, { min: 0 });
  checkInteger(where, { "responses.ids": responses.ids }, { min: 0, max: responses.count - 1 });
  const fail = (name: string, token: number, rule: string, value: number): never => {
    throw new RangeError(`${where}: ${name}[${token}] must ${rule}, got ${value}`);
  };
  weights.forEach((weight, token) => {
    if (weight === 0) return;
    const [logProb, entropy] = [newLogProbs[token]!, entropies[token]!];
    if (!isLogProb(logProb)) fail("newLogProbs", token, "be finite and <= 0", logProb);
    if (entropy < 0) fail("entropies", token, "be >= 0", entropy);
  });
  for (const name of needs) {
    const field = fields[name];
    if (field === undefined) continue;
    checkSameLength(where, { newLogProbs, [`fields.${name}`]: field });
    const isOfLogProbs = name.endsWith("LogProbs");
    weights.forEach((weight, token) => {
      const value = field[token]!;
      if (weight === 0 || (isOfLogProbs ? isLogProb(value) : Number.isFinite(value))) return;
      fail(`fields.${name}`, token, isOfLogProbs ? "be finite and <= 0" : "be finite", value);
    });
  }
}
