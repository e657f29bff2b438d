import {
  crossEntropy,
  plainOperations,
  type Objective,
  type ObjectiveField,
  type ObjectiveInputs,
  type PlainTensor,
  type Segments,
} from "@turnwise/core";
import {
  addObjectives,
  algorithmPresets,
  cispoSurrogate,
  clippedSurrogate,
  compileAlgorithm,
  entropyBonus,
  geometricMeanSurrogate,
  importanceSampling,
  klPenalty,
  linearize,
  policyGradient,
  sapoSurrogate,
  scaleObjective,
  valueLoss,
} from "@turnwise/estimators";
import { tokenBatchArbitrary, type TokenBatch } from "@turnwise/estimators/laws";
import {
  gradients,
  graphOperations,
  interpret,
  trace,
  type Feeds,
  type Program,
  type Tensor,
} from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** The distinct objectives of all presets. */
const presetObjectives = new Map(
  Object.values(algorithmPresets).map((algorithm) => {
    const { objective } = compileAlgorithm(algorithm);
    return [objective.name, objective];
  }),
).values();

const objectives: readonly Objective[] = [
  crossEntropy,
  policyGradient(),
  importanceSampling(),
  clippedSurrogate(),
  clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28, dualClip: 3 }),
  clippedSurrogate({ ratioCap: 2 }),
  clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel: "response" }),
  clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel: "response-token" }),
  geometricMeanSurrogate(),
  cispoSurrogate(),
  cispoSurrogate({ minRatio: 0.8, maxRatio: 1.28 }),
  sapoSurrogate(),
  klPenalty({ estimator: "k1" }),
  klPenalty({ estimator: "absolute" }),
  klPenalty({ estimator: "k2" }),
  klPenalty({ estimator: "k3", limit: 10 }),
  klPenalty({ gradient: "k2" }),
  klPenalty({ correction: "ratio" }),
  entropyBonus(),
  valueLoss(),
  valueLoss({ clip: 0.5 }),
  ...presetObjectives,
  addObjectives(
    clippedSurrogate(),
    scaleObjective(0.01, klPenalty()),
    scaleObjective(0.001, entropyBonus()),
    scaleObjective(0.5, valueLoss({ clip: 0.5 })),
  ),
];

/** Lists the inputs that depend on the weights; gradients are computed with respect to these. */
function variables({ needs }: Objective): readonly ("newLogProbs" | "entropies" | "values")[] {
  return needs.includes("values")
    ? ["newLogProbs", "entropies", "values"]
    : ["newLogProbs", "entropies"];
}

function plainInputs(
  { newLogProbs, entropies, weights, fields }: TokenBatch,
  needs: readonly ObjectiveField[],
): ObjectiveInputs<PlainTensor, Segments> {
  // Use numbers that float32 represents exactly, so that all three implementations get the same
  // inputs.
  return {
    newLogProbs: Float64Array.from(newLogProbs.flat(), Math.fround),
    entropies: Float64Array.from(entropies.flat(), Math.fround),
    weights: Float64Array.from(weights.flat(), Math.fround),
    responses: {
      ids: Int32Array.from(newLogProbs.flatMap((tokens, id) => tokens.map(() => id))),
      count: newLogProbs.length,
    },
    fields: Object.fromEntries(
      needs.map((name) => [name, Float64Array.from(fields[name].flat(), Math.fround)]),
    ),
  };
}

/**
 * Traces the objective as a program that returns loss, metrics, and a gradient for each variable.
 */
function compile(objective: Objective): Program {
  return trace((g) => {
    const token = (name: string): Tensor => g.input(name, "float32", ["token"]);
    const inputs = { newLogProbs: token("newLogProbs"), entropies: token("entropies") };
    const fields: Partial<Record<ObjectiveField, Tensor>> = {};
    for (const name of objective.needs) fields[name] = token(name);
    // An input whose length is the number of responses.
    const marks = g.input("marks", "float32", ["response"]);
    const { loss, metrics } = objective.evaluate(graphOperations(g), {
      ...inputs,
      weights: token("weights"),
      responses: { ids: g.input("responses", "int32", ["token"]), count: "response" },
      fields,
    });
    const wanted = variables(objective).map((name) =>
      name === "values" ? fields.values! : inputs[name],
    );
    const slopes = gradients(g, loss, wanted);
    return {
      loss,
      marks: g.add(marks, 0),
      ...Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [`metric:${name}`, value]),
      ),
      ...Object.fromEntries(variables(objective).map((name, i) => [`slope:${name}`, slopes[i]!])),
    };
  });
}

function feedsOf(inputs: ObjectiveInputs<PlainTensor, Segments>): Feeds {
  const { newLogProbs, entropies, weights, responses, fields } = inputs;
  const feed = (data: PlainTensor): Feeds[string] => ({
    data: Float32Array.from(data),
    shape: [data.length],
  });
  return {
    ...Object.fromEntries(Object.entries(fields).map(([name, data]) => [name, feed(data)])),
    newLogProbs: feed(newLogProbs),
    entropies: feed(entropies),
    weights: feed(weights),
    responses: { data: responses.ids, shape: [responses.ids.length] },
    marks: feed(new Float64Array(responses.count)),
  };
}

/** Compares loss, metrics and gradients; `room` is relative to `max(1, |value|)`. */
function expectAgreement(
  objective: Objective,
  inputs: ObjectiveInputs<PlainTensor, Segments>,
  outputs: Readonly<Record<string, { readonly data: ArrayLike<number> }>>,
  room: number,
): void {
  const tape = linearize(objective, inputs);
  const plain = objective.evaluate(plainOperations, inputs);
  expect(tape.loss).toBe(plain.loss[0]);
  const near = (what: string, value: number): void => {
    const got = outputs[what]!.data[0]!;
    expect(Math.abs(got - value), `${what}: ${got} and ${value}`).toBeLessThanOrEqual(
      room * (1 + Math.abs(value)),
    );
  };
  near("loss", tape.loss);
  for (const [name, value] of Object.entries(tape.metrics)) near(`metric:${name}`, value);
  for (const name of variables(objective)) {
    const slopes = outputs[`slope:${name}`]!.data;
    tape[name]!.forEach((slope, i) => {
      const gap = Math.abs(slopes[i]! - slope);
      expect(gap, `slope of ${name}[${i}]: ${slopes[i]} and ${slope}`).toBeLessThanOrEqual(
        room * (1 + Math.abs(slope)),
      );
    });
  }
}

describe("an objective gives the same numbers", () => {
  for (const objective of objectives) {
    it(`on plain arrays, on a tape and on a graph: ${objective.name}`, () => {
      const program = compile(objective);
      fc.assert(
        fc.property(tokenBatchArbitrary(), (batch) => {
          const inputs = plainInputs(batch, objective.needs);
          expectAgreement(objective, inputs, interpret(program, feedsOf(inputs)), 1e-9);
        }),
        { numRuns: 30 },
      );
    });
  }

  it("compiled for ONNX Runtime in float32", async () => {
    const executor = createOnnxExecutor({ threads: 1 });
    const batches = fc.sample(tokenBatchArbitrary({ maxLogRatio: 1 }), { numRuns: 5, seed: 11 });
    for (const objective of objectives) {
      const executable = await executor.compile(compile(objective));
      for (const batch of batches) {
        const inputs = plainInputs(batch, objective.needs);
        // Float32 has seven digits; ratios and sums over up to thirty tokens lose two of them.
        expectAgreement(objective, inputs, await executable.run(feedsOf(inputs)), 1e-4);
      }
      await executable.release();
    }
  });
});
