/** Computes modulated advantages of one group of four trajectories, step by step. */
import { modulate } from "@turnwise/aem";
import { groupAdvantages, grpoPresets } from "@turnwise/estimators";

/** A response, with the index of its trajectory and its token entropies, nats. */
interface Response {
  readonly trajectory: number;
  readonly action: string;
  readonly tokenEntropies: readonly number[];
}

// Four attempts at one household task. Only the first attempt brings the mug to the desk.
const returns = [1, 0, 0, 0];
const responses: readonly Response[] = [
  { trajectory: 0, action: "go to shelf 1", tokenEntropies: [0.9, 0.4, 0.2] },
  { trajectory: 0, action: "take mug 1", tokenEntropies: [0.2, 0.1, 0.0] },
  { trajectory: 1, action: "open drawer 2", tokenEntropies: [1.6, 1.2, 0.8] },
  { trajectory: 1, action: "look", tokenEntropies: [0.7] },
  { trajectory: 2, action: "go to shelf 1", tokenEntropies: [0.9, 0.4, 0.2] },
  { trajectory: 3, action: "go to bed 1", tokenEntropies: [1.4, 1.0, 0.3] },
];

// 1. Estimator: each trajectory is compared with its siblings.
const numResponses = [[2, 2, 1, 1]];
const [advantages] = groupAdvantages([returns], { ...grpoPresets.verlAgent, numResponses });
console.log("advantages of trajectories:", advantages!.map((a) => a.toFixed(3)).join("  "));

// 2. Certainty: the mean token entropy of each response.
const entropies = responses.map(
  ({ tokenEntropies }) => tokenEntropies.reduce((sum, h) => sum + h, 0) / tokenEntropies.length,
);

// 3. AEM: entropies are scaled over all responses of the group.
const base = responses.map(({ trajectory }) => advantages![trajectory]!);
const group = responses.map(() => "mug to desk");
const { coefficients, advantages: modulated, diagnostics } = modulate(base, entropies, group);

console.log("\nresponse         entropy  coefficient  advantage  modulated");
responses.forEach(({ action }, i) => {
  const cells = [entropies[i], coefficients[i], base[i], modulated[i]].map((x) => x!.toFixed(3));
  const [entropy, coefficient, before, after] = cells;
  console.log(
    `${action.padEnd(15)}${entropy!.padStart(9)}${coefficient!.padStart(13)}${before!.padStart(11)}${after!.padStart(11)}`,
  );
});

// 4. Checks: the coefficients have mean 1 and keep every sign, and the largest is exp(1) times the
// smallest.
const mean = coefficients.reduce((sum, c) => sum + c, 0) / coefficients.length;
const { minCoefficient, maxCoefficient } = diagnostics;
console.log(`\nmean coefficient ${mean.toFixed(3)}`);
console.log(`largest / smallest ${(maxCoefficient! / minCoefficient!).toFixed(3)}`);
