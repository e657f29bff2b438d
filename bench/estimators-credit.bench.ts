/**
 * Time to compute a modulated advantage and a weight for every token from returns and token entropies:
 * token arrays, as in the training loop, against plain lists and, if python3 has it, NumPy.
 *
 *   npx tsx --conditions=turnwise-source bench/estimators-credit.bench.ts
 */
import { spawnSync } from "node:child_process";
import { modulate } from "@turnwise/aem";
import { createRandom, mean } from "@turnwise/core";
import { aggregationWeights, groupAdvantages, grpoPresets } from "@turnwise/estimators";

const numGroups = 128;
const groupSize = 8;
const turns = 50;
const tokens = 200;
const rounds = 7;
const numTrajectories = numGroups * groupSize;
const numResponses = numTrajectories * turns;
const numTokens = numResponses * tokens;

const random = createRandom("credit");
const returns = Float64Array.from({ length: numTrajectories }, () =>
  random.next() < 0.3 ? 10 : 0,
);
const entropies = Float32Array.from({ length: numTokens }, () => 2 * random.next());
const responseGroups = Array.from(
  { length: numResponses },
  (_, i) => `group/${Math.floor(i / (turns * groupSize))}`,
);
// Reuse arrays over iterations, as a trainer does: fresh memory pages cost as much as the arithmetic.
const tokenAdvantages = new Float32Array(numTokens);
const tokenWeights = new Float32Array(numTokens);

const returnLists = Array.from({ length: numGroups }, (_, g) =>
  Array.from(returns.subarray(g * groupSize, (g + 1) * groupSize)),
);
const options = {
  ...grpoPresets.verlAgent,
  numResponses: returnLists.map((group) => group.map(() => turns)),
};

function typed(): number {
  const base = groupAdvantages(returnLists, options).flat();
  const byResponse = Array.from({ length: numResponses }, (_, i) => base[(i / turns) | 0]!);
  const means = byResponse.map((_, i) => mean(entropies.subarray(i * tokens, (i + 1) * tokens)));
  const { advantages } = modulate(byResponse, means, responseGroups);
  const lengths = Array<number>(numResponses).fill(tokens);
  const shares = aggregationWeights("seq-mean-token-mean", lengths);
  for (let i = 0; i < numResponses; i++) {
    tokenAdvantages.fill(advantages[i]!, i * tokens, (i + 1) * tokens);
    tokenWeights.fill(shares[i]!, i * tokens, (i + 1) * tokens);
  }
  return tokenAdvantages[numTokens - 1]! * tokenWeights[0]!;
}

// The same values as lists of lists, created before timing starts.
const entropyLists = Array.from({ length: numResponses }, (_, i) =>
  Array.from(entropies.subarray(i * tokens, (i + 1) * tokens)),
);

function plain(): number {
  const base = groupAdvantages(returnLists, options).flat();
  const byResponse = entropyLists.map((_, i) => base[Math.floor(i / turns)]!);
  const means = entropyLists.map((list) => list.reduce((sum, h) => sum + h, 0) / list.length);
  const { advantages } = modulate(byResponse, means, responseGroups);
  const credit = entropyLists.map((list, i) => list.map(() => advantages[i]!));
  const lengths = entropyLists.map((list) => list.length);
  const shares = aggregationWeights("seq-mean-token-mean", lengths);
  const weights = entropyLists.map((list, i) => list.map(() => shares[i]!));
  return credit.at(-1)!.at(-1)! * weights[0]![0]!;
}

const numpyProgram = `
import sys, time
import numpy as np
G, N, T, L, rounds = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
returns = np.where(rng.random((G, N)) < 0.3, 10.0, 0.0)
entropies = (2 * rng.random(G * N * T * L)).astype(np.float32)
credit = np.empty((G * N * T, L), np.float32)
weights = np.empty((G * N * T, L), np.float32)
def run():
    rows = np.repeat(returns, T, axis=1)
    base = (rows - rows.mean(1, keepdims=True)) / (rows.std(1, ddof=1, keepdims=True) + 1e-6)
    means = entropies.reshape(G, N * T, L).mean(2, dtype=np.float64)
    low, high = means.min(1, keepdims=True), means.max(1, keepdims=True)
    spread = high - low
    raw = np.exp(-(means - low) / np.where(spread > 0, spread, 1))
    alpha = np.where((spread > 0) & (spread >= 0.1), raw / raw.mean(1, keepdims=True), 1)
    credit[:] = (base * alpha).reshape(-1, 1)
    weights[:] = 1 / (G * N * T * L)
    return credit[-1, -1] * weights[0, 0]
run()
times = []
for _ in range(rounds):
    start = time.perf_counter()
    run()
    times.append(1000 * (time.perf_counter() - start))
print(*times)
`;

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

const times = { typed: [] as number[], plain: [] as number[] };
let consumed = typed() + plain();
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries({ typed, plain })) {
    const start = performance.now();
    consumed += run();
    times[name === "typed" ? "typed" : "plain"].push(performance.now() - start);
  }
}
const [fast, slow] = [median(times.typed), median(times.plain)];
console.log(
  `${numTrajectories} trajectories x ${turns} turns x ${tokens} tokens, median of ${rounds}`,
);
const fastest = (list: readonly number[]): string => Math.min(...list).toFixed(1);
console.log(`token arrays  ${fast.toFixed(1)} ms (fastest ${fastest(times.typed)})`);
console.log(
  `plain lists   ${slow.toFixed(1)} ms (fastest ${fastest(times.plain)}), ${(slow / fast).toFixed(1)} x`,
);

const sizes = [numGroups, groupSize, turns, tokens, rounds].map(String);
const python = spawnSync("python3", ["-c", numpyProgram, ...sizes], { encoding: "utf8" });
if (python.status === 0) {
  const own = python.stdout.trim().split(" ").map(Number);
  const numpy = median(own);
  console.log(
    `NumPy         ${numpy.toFixed(1)} ms (fastest ${fastest(own)}), ${(numpy / fast).toFixed(1)} x`,
  );
} else {
  console.log("NumPy         skipped: python3 with numpy was not found");
}
if (!Number.isFinite(consumed)) throw new Error("the results must be finite");
