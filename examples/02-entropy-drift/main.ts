/** Shows on a softmax bandit how reinforcing one response changes the entropy of the policy. */
import {
  naturalDirection,
  naturalDrift,
  plainDrift,
  softmaxPolicy,
  type FinitePolicy,
} from "@turnwise/aem/theory";

/** Measures the change of entropy per unit of a small step of the probabilities. */
function measureDrift(policy: FinitePolicy, response: number, advantage: number): number {
  const step = 1e-5;
  const moved = naturalDirection(policy, response, advantage).map(
    (change, i) => policy.probabilities[i]! + step * change,
  );
  const entropy = moved.reduce((sum, p) => sum - p * Math.log(p), 0);
  return (entropy - policy.entropy) / step;
}

const names = ["go to shelf 1", "open drawer 2", "look", "go to bed 1"];
const policy = softmaxPolicy([2, 1, 0, -1]);
console.log(`entropy H = ${policy.entropy.toFixed(4)} nats\n`);

console.log("response       probability  surprisal S    S - H");
names.forEach((name, i) => {
  const [p, s] = [policy.probabilities[i]!, policy.surprisals[i]!];
  const relative = (s - policy.entropy).toFixed(4);
  console.log(
    `${name.padEnd(15)}${p.toFixed(4).padStart(11)}${s.toFixed(4).padStart(13)}${relative.padStart(9)}`,
  );
});

// Theorem: a step on a response with advantage A changes the entropy by A (S - H) per unit.
console.log("\nresponse         A   A (S - H)   measured   plain gradient");
for (const advantage of [1, -1]) {
  names.forEach((name, i) => {
    const cells = [
      naturalDrift(policy, i, advantage),
      measureDrift(policy, i, advantage),
      plainDrift(policy, i, advantage),
    ].map((drift) => drift.toFixed(4));
    const [theory, difference, plain] = cells;
    console.log(
      `${name.padEnd(15)}${String(advantage).padStart(3)}${theory!.padStart(12)}${difference!.padStart(11)}${plain!.padStart(17)}`,
    );
  });
}

// Reinforcing a likely response lowers the entropy; punishing it raises the entropy. AEM gives
// likely responses a coefficient above 1, which amplifies both effects: failures raise the entropy
// more, and successes lower it more.
const coefficient = 1.4;
for (const advantage of [-1, 1]) {
  const added = (coefficient - 1) * naturalDrift(policy, 0, advantage);
  console.log(
    `\n${advantage < 0 ? "a failure" : "a success"} of "${names[0]}", coefficient ${coefficient}: AEM adds ${added.toFixed(4)}`,
  );
}
