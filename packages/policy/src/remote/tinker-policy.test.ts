import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  crossEntropy,
  NonFiniteError,
  plainOperations,
  type Objective,
  type TrainingRow,
} from "@turnwise/core";
import { afterEach, describe, expect, it } from "vitest";
import type { Linearizer } from "./linearizer.ts";
import {
  tinkerServer,
  type TinkerServer,
  type TinkerServerOptions,
} from "./testing/tinker-server.ts";
import type { TinkerPolicyOptions } from "./tinker-options.ts";
import { createTinkerPolicy, type TinkerPolicy } from "./tinker-policy.ts";

const vocabularySize = 5;
const folder = mkdtempSync(join(tmpdir(), "turnwise-tinker-"));
let server: TinkerServer | undefined;
let policy: TinkerPolicy | undefined;
afterEach(async () => {
  await policy?.close().catch(() => undefined);
  await server?.close();
  policy = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Gradient by central differences: slow, but independent of any differentiation code. */
const linearize: Linearizer = (objective, inputs) => {
  const at = (newLogProbs: Float64Array, entropies: Float64Array): number =>
    objective.evaluate(plainOperations, { ...inputs, newLogProbs, entropies }).loss[0]!;
  const [logProbs, entropies] = [
    Float64Array.from(inputs.newLogProbs),
    Float64Array.from(inputs.entropies),
  ];
  const slopes = (values: Float64Array): Float64Array =>
    values.map((value, i) => {
      const h = 1e-6;
      const moved = [value + h, value - h].map((next) => {
        values[i] = next;
        const loss = at(logProbs, entropies);
        values[i] = value;
        return loss;
      });
      return (moved[0]! - moved[1]!) / (2 * h);
    });
  return {
    loss: at(logProbs, entropies),
    metrics: { numTokens: logProbs.length },
    newLogProbs: slopes(logProbs),
    entropies: slopes(entropies),
  };
};

/**
 * Ratio clipped at 1.2, times the advantage: nonlinear, and different from the server's own loss.
 */
const clipped: Objective = {
  name: "clipped",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (op, { newLogProbs, weights, fields }) => {
    const ratio = op.exp(op.subtract(newLogProbs, fields.oldLogProbs!));
    const advantages = fields.advantages!;
    const worse = op.minimum(
      op.multiply(ratio, advantages),
      op.multiply(op.minimum(ratio, 1.2), advantages),
    );
    return { loss: op.negate(op.sum(op.multiply(weights, worse))), metrics: {} };
  },
};

async function connect(
  serverOptions: Partial<TinkerServerOptions> = {},
  options: Partial<TinkerPolicyOptions> = {},
): Promise<TinkerPolicy> {
  server = await tinkerServer({ vocabularySize, ...serverOptions });
  policy = await createTinkerPolicy({
    url: server.url,
    apiKey: "secret-key",
    baseModel: "small",
    maxSequenceTokens: 50,
    optimizer: { learningRate: { peak: 0.5 } },
    linearize,
    retrySeconds: 0.01,
    ...options,
  });
  return policy;
}

const rows: readonly TrainingRow[] = [
  {
    tokens: [0, 1, 2, 3, 4, 1],
    spans: [
      { turnIndex: 0, start: 1, length: 2 },
      { turnIndex: 1, start: 4, length: 2 },
    ],
    weights: Float32Array.of(0.5, 0.25, 0.5, 0),
    fields: {
      oldLogProbs: Float32Array.of(-1, -2, -3, -1),
      advantages: Float32Array.of(1, 2, -1, 5),
    },
  },
  {
    tokens: [3, 0, 0],
    spans: [{ turnIndex: 0, start: 2, length: 1 }],
    weights: Float32Array.of(1),
    fields: { oldLogProbs: Float32Array.of(-1), advantages: Float32Array.of(-2) },
  },
];

/** Initial logits of the server, and the log-prob of one token after another for given logits. */
const firstLogits = (): number[][] =>
  Array.from({ length: vocabularySize }, (_, before) =>
    Array.from({ length: vocabularySize }, (_unused, next) => Math.sin(7 * before + 3 * next)),
  );
function logProbAfter(
  logits: readonly (readonly number[])[],
  before: number,
  token: number,
): number {
  const row = logits[before]!;
  return row[token]! - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
}

/** The objective as a function of the model's weights, to compute the expected gradient. */
function lossOf(logits: readonly (readonly number[])[], objective: Objective): number {
  const newLogProbs = rows.flatMap(({ tokens, spans }) =>
    spans.flatMap(({ start, length }) =>
      Array.from({ length }, (_, i) =>
        logProbAfter(logits, tokens[start + i - 1]!, tokens[start + i]!),
      ),
    ),
  );
  const joined = (part: (row: TrainingRow) => Float32Array): Float64Array =>
    Float64Array.from(rows.flatMap((row) => [...part(row)]));
  return objective.evaluate(plainOperations, {
    newLogProbs: Float64Array.from(newLogProbs),
    entropies: new Float64Array(newLogProbs.length),
    weights: joined(({ weights }) => weights),
    responses: { ids: Int32Array.of(0, 0, 1, 1, 2), count: 3 },
    fields: {
      oldLogProbs: joined(({ fields }) => fields.oldLogProbs!),
      advantages: joined(({ fields }) => fields.advantages!),
    },
  }).loss[0]!;
}

describe("a policy on a Tinker server", () => {
  it("scores responses by the server's log-probs, with surprisals as entropies", async () => {
    const { learner } = await connect();
    const [first, second] = await learner.score(rows);
    const expected = (before: number, token: number): unknown =>
      expect.closeTo(logProbAfter(firstLogits(), before, token), 5);
    expect(first!.spans.map(({ logProbs }) => [...logProbs])).toEqual([
      [expected(0, 1), expected(1, 2)],
      [expected(3, 4), expected(4, 1)],
    ]);
    expect([...second!.spans[0]!.logProbs]).toEqual([expected(0, 0)]);
    expect(second!.spans[0]!.entropies[0]).toBe(-second!.spans[0]!.logProbs[0]!);
  });

  it.each([
    { name: "sums", server: {}, options: {} },
    { name: "sums, in several requests", server: {}, options: { rowsPerRequest: 1 } },
    {
      name: "takes means",
      server: { lossScale: "sequence-mean" as const },
      options: { lossScale: "sequence-mean" as const, rowsPerRequest: 1 },
    },
    { name: "has no forward pass", server: { hasForward: false }, options: {} },
  ])("has the gradient of any objective if the server $name", async (variant) => {
    const { learner } = await connect(variant.server, variant.options);
    const report = await learner.update(rows, clipped);
    const logits = firstLogits();
    expect(report.loss).toBeCloseTo(lossOf(logits, clipped), 6);
    logits.forEach((row, before) =>
      row.forEach((logit, token) => {
        const h = 1e-5;
        row[token] = logit + h;
        const more = lossOf(logits, clipped);
        row[token] = logit - h;
        const less = lossOf(logits, clipped);
        row[token] = logit;
        // Log-probs from the server are exact; the finite differences are not.
        expect(server!.lastGradient[before]![token]).toBeCloseTo((more - less) / (2 * h), 5);
      }),
    );
    expect(report).toMatchObject({ learningRate: 0.5, gradientNorm: 1.5, numTokens: 4 });
    expect(learner.weights().version).toBe(1);
  });

  it("samples from the loaded weights, with equal draws for equal seeds", async () => {
    const { learner, sampler } = await connect();
    const request = { promptTokens: [0], seed: "a", maxTokens: 6, stopTokens: [4] };
    await expect(sampler.sample(request)).rejects.toThrow(
      "sample: load() must be called before sample()",
    );
    expect(await sampler.load(learner.weights())).toBe(0);
    const one = await sampler.sample(request);
    expect(await sampler.sample(request)).toEqual(one);
    expect(one.logProbs[0]).toBeCloseTo(logProbAfter(firstLogits(), 0, one.tokens[0]!), 9);
    expect(one.stopReason).toBe(one.tokens.at(-1) === 4 ? "stop-token" : "length");
    for (let i = 0; i < 3; i++) await learner.update(rows, crossEntropy);
    expect(await sampler.sample(request)).toEqual(one);
    expect(await sampler.load(learner.weights())).toBe(3);
    const greedy = await sampler.sample({ ...request, temperature: 0, maxTokens: 2 });
    // One row has token 1 after 0 with a weight of 1/2, the other 0 after 0 with weight 1.
    expect(greedy.tokens[0]).toBe(0);
    expect(greedy.logProbs).toEqual(greedy.tokens.map(() => 0));
    await expect(sampler.load({ version: 9 })).rejects.toThrow(/current version 3, got 9$/u);
    await expect(sampler.sample({ ...request, temperature: 0.5 })).rejects.toThrow(
      "must be 0 or 1",
    );
    await expect(sampler.sample({ ...request, maxTokens: 50 })).rejects.toThrow(
      "at most 50 tokens",
    );
  });

  it("restores its saved state in a new model, and leaves no model behind", async () => {
    const { learner } = await connect();
    await learner.update(rows, crossEntropy);
    await learner.save(folder);
    const saved = await learner.score(rows);
    await learner.update(rows, crossEntropy);
    expect(await learner.score(rows)).not.toEqual(saved);
    await learner.restore(folder);
    expect(await learner.score(rows)).toEqual(saved);
    expect(learner.weights().version).toBe(1);
    expect(server!.models.size).toBe(1);
    await policy!.close();
    expect(server!.models.size).toBe(0);
    expect(readFileSync(join(folder, "tinker.json"), "utf8")).not.toContain("secret-key");
  });

  it("continues with the old model if a state cannot be restored", async () => {
    const { learner } = await connect();
    await learner.save(folder);
    const path = join(folder, "tinker.json");
    const state = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...state, path: "tinker://gone/weights/x" }));
    await expect(learner.restore(folder)).rejects.toThrow("Checkpoint not found");
    expect(await learner.score(rows)).toHaveLength(2);
    expect(server!.models.size).toBe(1);
    writeFileSync(path, JSON.stringify({ ...state, baseModel: "large" }));
    await expect(learner.restore(folder)).rejects.toThrow("baseModel must be small, got large");
  });

  it("sends nothing that is not finite, and refuses objectives that the protocol does not support", async () => {
    const { learner } = await connect();
    const entropic: Objective = {
      name: "entropic",
      needs: [],
      evaluate: (op, { entropies, weights }) => ({
        loss: op.sum(op.multiply(weights, entropies)),
        metrics: {},
      }),
    };
    await expect(learner.update(rows, entropic)).rejects.toThrow(
      "update: objective must not depend on entropies, which the Tinker protocol does not support, got entropic",
    );
    const valued: Objective = { ...crossEntropy, name: "valued", needs: ["values"] };
    await expect(learner.update(rows, valued)).rejects.toThrow(
      "update: objective must not depend on values, which the Tinker protocol does not support, got",
    );
    const poison: Linearizer = () => {
      throw new RangeError("linearize: gradient of newLogProbs[0] must be finite, got NaN");
    };
    await policy!.close();
    await server!.close();
    const other = await connect({}, { linearize: poison });
    await expect(other.learner.update(rows, clipped)).rejects.toThrow(NonFiniteError);
    expect(server!.seen.filter(({ path }) => path.endsWith("forward_backward"))).toEqual([]);
    expect(other.learner.weights().version).toBe(0);
  });

  it("reports the server's message and the URL", async () => {
    const { learner } = await connect();
    const [modelId] = server!.models.keys();
    expect(policy!.modelId).toBe(modelId);
    // Simulates another client that releases the model.
    await fetch(`${server!.url}/api/v1/unload_model`, {
      method: "POST",
      body: JSON.stringify({ model_id: modelId }),
    });
    await expect(learner.update(rows, crossEntropy)).rejects.toThrow(
      /api\/v1\/forward_backward: status must be 200, got 404: .*Model not found/u,
    );
    expect(server!.seen[1]!.headers["x-api-key"]).toBe("secret-key");
  });
});
