/** One group of four trajectories, from rewards to modulated advantages, step by step. */
import { modulate } from "@turnwise/aem";
import { groupAdvantages, grpoPresets } from "@turnwise/estimators";

/** A response: whose it is, and the entropies of the tokens it was sampled from, nats. */
interface Response {
  readonly trajectory: number;
  readonly action: string;
  readonly tokenEntropies: readonly number[];
}

// Four attempts at one household task. Only the first brings the mug to the desk.
const returns = [1, 0, 0, 0];
const responses: readonly Response[] = [
  { trajectory: 0, action: "go to shelf 1", tokenEntropies: [0.9, 0.4, 0.2] },
  { trajectory: 0, action: "take mug 1", tokenEntropies: [0.2, 0.1, 0.0] },
  { trajectory: 1, action: "open drawer 2", tokenEntropies: [1.6, 1.2, 0.8] },
  { trajectory: 1, action: "look", tokenEntropies: [0.7] },
  { trajectory: 2, action: "go to shelf 1", tokenEntropies: [0.9, 0.4, 0.2] },
  { trajectory: 3, action: "go to bed 1", tokenEntropies: [1.4, 1.0, 0.3] },
];

// 1. The estimator: each trajectory against its siblings.
const numResponses = [[2, 2, 1, 1]];
const [advantages] = groupAdvantages([returns], { ...grpoPresets.verlAgent, numResponses });
console.log("advantages of trajectories:", advantages!.map((a) => a.toFixed(3)).join("  "));

// 2. How sure the policy was of each response: the mean over its tokens.
const entropies = responses.map(
  ({ tokenEntropies }) => tokenEntropies.reduce((sum, h) => sum + h, 0) / tokenEntropies.length,
);

// 3. AEM: all responses of the group are compared with each other.
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

// 4. What to check: mean 1, every sign kept, the largest exp(1) times the smallest.
const mean = coefficients.reduce((sum, c) => sum + c, 0) / coefficients.length;
const { minCoefficient, maxCoefficient } = diagnostics;
console.log(`\nmean coefficient ${mean.toFixed(3)}`);
console.log(`largest / smallest ${(maxCoefficient! / minCoefficient!).toFixed(3)}`);
