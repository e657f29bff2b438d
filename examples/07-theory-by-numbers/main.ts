/** Computes the theorems of AEM on policies that are small enough to check by hand. */
import { modulationCoefficients } from "@turnwise/aem";
import {
  calibrationCost,
  expectedDrift,
  naturalDrift,
  plainDrift,
  policyEntropyDrift,
  regularizationDrift,
  softmaxPolicy,
  treeEntropy,
  treeResponses,
  type TokenTree,
} from "@turnwise/aem/theory";

const show = (...numbers: readonly number[]): string =>
  numbers.map((number) => number.toFixed(4)).join("  ");

// Probabilities 1/2, 1/4, 1/4 in one state, 3/4, 1/4 in another; and a fair coin.
const sure = softmaxPolicy([Math.log(2), 0, 0]);
const other = softmaxPolicy([Math.log(3), 0]);
const coin = softmaxPolicy([0, 0]);

console.log("1. The drift of one response is A (S - H).");
console.log(`   S ${show(...sure.surprisals)}, H ${show(sure.entropy)}`);
console.log(`   A = 1: ${show(...[0, 1, 2].map((a) => naturalDrift(sure, a, 1)))}`);

console.log("2. Over all responses it is the covariance of A and S.");
console.log(`   A = 1, 0, -1: ${show(expectedDrift(sure, [1, 0, -1]))}`);
console.log(`   A = 1, 1, 1:  ${show(Math.abs(expectedDrift(sure, [1, 1, 1])))}`);

console.log(
  "3. The policy's drift is the sum of its states' drifts, weighted by visits per trajectory.",
);
const drifts = [naturalDrift(sure, 1, 1), naturalDrift(other, 0, 1)];
console.log(
  `   drifts ${show(...drifts)}, visits 1 and 3: ${show(policyEntropyDrift([1, 3], drifts))}`,
);

console.log("4. An entropy bonus adds its weight times Var[S], whatever was sampled.");
const bonus = regularizationDrift(sure, { entropyCoefficient: 0.1 });
const pull = regularizationDrift(sure, {
  klCoefficient: 0.1,
  reference: softmaxPolicy([0, 0, 0]),
});
console.log(`   bonus 0.1: ${show(bonus)}; KL 0.1 to a uniform reference: ${show(pull)}`);

console.log(
  "5. A plain gradient step on the logits follows another rule, here with the same signs.",
);
console.log(`   A = 1: ${show(...[0, 1, 2].map((a) => plainDrift(sure, a, 1)))}`);

console.log("6. Token entropies along a response predict its surprisal.");
const tree: TokenTree = {
  next: sure,
  children: [undefined, { next: coin, children: [undefined, undefined] }, undefined],
};
for (const { tokens, probability, surprisal, predictable } of treeResponses(tree)) {
  console.log(
    `   tokens ${tokens.join(",").padEnd(4)} p, S, sum of H: ${show(probability, surprisal, predictable)}`,
  );
}
const { bySurprisal, byPredictable } = treeEntropy(tree);
console.log(`   their means agree: ${show(bySurprisal, byPredictable)}`);

console.log("7. Among all coefficients with mean 1, AEM's have the lowest cost.");
const scaled = [0, 0.3, 1];
const best = modulationCoefficients(scaled);
console.log(`   ${show(...best)} cost ${show(calibrationCost(best, scaled, 1))}`);
for (const rival of [
  [1, 1, 1],
  [1.6, 1, 0.4],
]) {
  console.log(`   ${show(...rival)} cost ${show(calibrationCost(rival, scaled, 1))}`);
}
