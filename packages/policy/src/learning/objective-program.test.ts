import {
  crossEntropy,
  expectAllNear,
  plainOperations,
  type Objective,
  type Segments,
} from "@turnwise/core";
import { interpret, trace, type Feeds, type Tensor } from "@turnwise/graph";
import { expect, test } from "vitest";
import { inlineProgram } from "./inline-program.ts";
import { traceObjective, type ObjectiveProgram } from "./objective-program.ts";

/** Objective that uses every operation available to objectives, except stopGradient. */
const everything: Objective = {
  name: "everything",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (ops, { newLogProbs, entropies, weights, responses, fields }) => {
    const ratio = ops.exp(ops.subtract(newLogProbs, fields.oldLogProbs!));
    const bounded = ops.minimum(ops.maximum(ratio, 0.8), 1.3);
    const sums = ops.segmentSum(ops.log(ops.add(ratio, 1)), responses);
    const shared = ops.segmentGather(ops.sigmoid(sums), responses);
    const isGood = ops.greater(fields.advantages!, 0);
    const gain = ops.where(isGood, ops.multiply(bounded, shared), ops.divide(ratio, 2));
    const total = ops.add(gain, ops.multiply(ratio, entropies));
    const loss = ops.negate(ops.sum(ops.multiply(weights, total)));
    return { loss, metrics: { ratio: ops.sum(ops.multiply(weights, ratio)) } };
  },
};

const values = {
  newLogProbs: [-1, -0.5, -2, -0.1, -3],
  entropies: [0.5, 1, 1.5, 0.2, 2],
  weights: [0.2, 0.1, 0, 0.4, 0.3],
  oldLogProbs: [-1.2, -0.6, -2, -0.05, -2],
  advantages: [1, 1, -1, -1, 2],
};
const segments: Segments = { ids: Int32Array.from([0, 0, 1, 1, 2]), count: 3 };

/** Evaluates the objective on plain arrays: the loss, then the metric. */
function evaluate(changes: Partial<typeof values> = {}): number[] {
  const inputs = { ...values, ...changes };
  const tensor = (name: keyof typeof values): Float64Array => Float64Array.from(inputs[name]);
  const { loss, metrics } = everything.evaluate(plainOperations, {
    newLogProbs: tensor("newLogProbs"),
    entropies: tensor("entropies"),
    weights: tensor("weights"),
    responses: segments,
    fields: { oldLogProbs: tensor("oldLogProbs"), advantages: tensor("advantages") },
  });
  return [loss[0]!, metrics["ratio"]![0]!];
}

const list = (name: keyof typeof values): { data: Float64Array; shape: number[] } => ({
  data: Float64Array.from(values[name]),
  shape: [5],
});

const feeds = (names: readonly string[]): Feeds => ({
  newLogProbs: list("newLogProbs"),
  entropies: list("entropies"),
  weights: list("weights"),
  ...(names.includes("advantages") ? { advantages: list("advantages") } : {}),
  ...(names.includes("oldLogProbs") ? { oldLogProbs: list("oldLogProbs") } : {}),
  responses: { data: segments.ids, shape: [5] },
  responseAxis: { data: new Float64Array(3), shape: [3] },
});

/** Central differences of the loss with respect to each entry of an input. */
const slopes = (name: "newLogProbs" | "entropies"): number[] =>
  values[name].map((value, i) => {
    const at = (change: number): number =>
      evaluate({ [name]: values[name].with(i, value + change) })[0]!;
    return (at(1e-5) - at(-1e-5)) / 2e-5;
  });

test("computes the same loss, metrics and gradient as the objective on plain arrays", () => {
  const { program, needs, metrics, usesEntropies } = traceObjective(everything);
  const outputs = interpret(program, feeds(needs));
  const [loss, ratio] = evaluate();
  expect(outputs["loss"]!.data[0]).toBeCloseTo(loss!, 10);
  expect(outputs["metric/ratio"]!.data[0]).toBeCloseTo(ratio!, 10);
  expectAllNear("newLogProbs", outputs["newLogProbs"]!.data, slopes("newLogProbs"), 5e-8);
  expectAllNear("entropies", outputs["entropies"]!.data, slopes("entropies"), 5e-8);
  expect({ metrics, usesEntropies }).toEqual({ metrics: ["ratio"], usesEntropies: true });
});

test("is plain data, and computes the same after being sent and inlined into another program", () => {
  const sent: ObjectiveProgram = structuredClone(traceObjective(everything));
  const outer = trace((g): Record<string, Tensor> => {
    const float = (name: string): Tensor => g.input(name, "float32", ["token"]);
    const half = float("half");
    return inlineProgram(g, sent.program, {
      newLogProbs: g.add(half, half),
      entropies: float("entropies"),
      weights: float("weights"),
      oldLogProbs: float("oldLogProbs"),
      advantages: float("advantages"),
      responses: g.input("responses", "int32", ["token"]),
      responseAxis: g.input("responseAxis", "float32", ["response"]),
    });
  });
  const { newLogProbs, ...others } = feeds(sent.needs);
  const half = { data: Float64Array.from(values.newLogProbs, (x) => x / 2), shape: [5] };
  expect(newLogProbs).toBeDefined();
  expect(interpret(outer, { ...others, half })).toEqual(interpret(sent.program, feeds(sent.needs)));
});

test("lets no gradient through stopGradient, and detects that entropies are not needed", () => {
  const stopped: Objective = {
    name: "stopped",
    needs: [],
    evaluate: (ops, { newLogProbs, entropies, weights }) => ({
      loss: ops.sum(ops.multiply(weights, ops.multiply(newLogProbs, ops.stopGradient(entropies)))),
      metrics: {},
    }),
  };
  const { program, usesEntropies } = traceObjective(stopped);
  expect(usesEntropies).toBe(false);
  expect(traceObjective(crossEntropy).usesEntropies).toBe(false);
  // d/dnewLogProbs = weights * entropies.
  const expected = values.weights.map((weight, i) => weight * values.entropies[i]!);
  expectAllNear("newLogProbs", interpret(program, feeds([]))["newLogProbs"]!.data, expected, 5e-8);
});

test("refuses a loss or a metric that is not a scalar", () => {
  const perToken: Objective = {
    name: "per-token",
    needs: [],
    evaluate: (ops, { newLogProbs }) => ({
      loss: ops.sum(newLogProbs),
      metrics: { each: ops.negate(newLogProbs) },
    }),
  };
  expect(() => traceObjective(perToken)).toThrow(
    "traceObjective: each of per-token must be a scalar, got shape [token]",
  );
});

test("requires all inputs that the program reads", () => {
  const { program } = traceObjective(crossEntropy);
  expect(() => trace((g): Record<string, Tensor> => inlineProgram(g, program, {}))).toThrow(
    "inlineProgram: input newLogProbs must be given, got none",
  );
});
