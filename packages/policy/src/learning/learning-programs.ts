import {
  forestTokens,
  gradients,
  logProbAndEntropy,
  rematerialize,
  trace,
  type Program,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import { type ParameterSpec } from "../model/shape/parameters.ts";
import { selectFedFields } from "./batch-feeds.ts";
import { inlineProgram } from "./inline-program.ts";
import type { LearningOptions } from "./learning-options.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import { gradientPrefix, sumPrefix } from "./trained-state.ts";
import { forwardForest, headWeight, traceModel, type TracedModel } from "../model/transformer.ts";

/** Options of the learner's programs. */
export interface LearningProgramOptions extends Pick<LearningOptions, "recomputeLayers"> {
  /** Number of chunks in which the head is computed, to limit its memory. */
  readonly headChunks: number;
}

/** Options of {@link traceTraining}. */
export interface TrainingProgramOptions extends LearningProgramOptions {
  /** Adds gradients to the inputs `sum/<name>`. Default false. */
  readonly addsToSums?: boolean;
  /** Multiplies gradients by the input `lossScale`, `[]`. Default false. */
  readonly scalesLoss?: boolean;
  /**
   * Keeps fewer activations for the backward pass, see `rematerialize` of @turnwise/graph. Default
   * false.
   */
  readonly keepsLeast?: boolean;
}

/** Outputs at which the backward pass of a training program starts. */
const outputGradientNames = new Set(
  ["newLogProbs", "entropies", "values"].map((name) => `objective/${name}`),
);

/**
 * Traces the forward pass over a forest of rows; the head is computed only where response tokens
 * are predicted. Inputs, in addition to the forest's layout (see `forestFeeds`): `tokens`, int32
 * `[node]`;
 * `predictors` (indices into `tokens`) and `targets`, int32 `[predictor]`; and `predictions`
 * (indices into `predictors`), int32 `[token]`.
 */
function forwardTokens(
  g: Tracer,
  model: TracedModel,
  { trained, valueHead }: ParameterLayout,
  options: LearningProgramOptions,
): { newLogProbs: Tensor; entropies: Tensor; values?: Tensor } {
  const { headChunks, recomputeLayers = false } = options;
  const tokens = g.input("tokens", "int32", [forestTokens]);
  const predictors = g.input("predictors", "int32", ["predictor"]);
  const targets = g.input("targets", "int32", ["predictor"]);
  const predictions = g.input("predictions", "int32", ["token"]);
  const hidden = forwardForest(model, tokens, predictors, { recomputeLayers });
  const head = headWeight(model);
  const isTrained = trained.some(({ name }) => g.inputs[name] === head);
  const { logProbs, entropies } = logProbAndEntropy(
    g,
    { hidden, head, targets },
    { chunks: headChunks, frozenHead: !isTrained },
  );
  // Rows that share a prefix and its next token also share the predictor of that token.
  return {
    newLogProbs: g.gather(logProbs, predictions),
    entropies: g.gather(entropies, predictions),
    ...(valueHead.length > 0 && {
      values: g.gather(traceValues(model, valueHead, hidden), predictions),
    }),
  };
}

/** Value estimate at each hidden state, `[predictor, hiddenSize] -> [predictor]`. */
function traceValues(
  { g }: TracedModel,
  valueHead: readonly ParameterSpec[],
  hidden: Tensor,
): Tensor {
  const [weight, bias] = valueHead.map(({ name, shape }) => g.input(name, "float32", shape));
  return g.reshape(g.linear(hidden, weight!, bias), [hidden.shape[0]!]);
}

/**
 * Traces log-probs and entropies of response tokens: outputs `newLogProbs` and `entropies`, and
 * with a value head `values`, `[token]`.
 */
export function traceScoring(layout: ParameterLayout, options: LearningProgramOptions): Program {
  return trace((g): Record<string, Tensor> =>
    forwardTokens(g, traceModel(g, layout), layout, options),
  );
}

/**
 * Traces one microbatch of a training step. Inputs: the inputs of the scoring program and of the
 * objective (see {@link ObjectiveProgram}). Outputs: the outputs of the scoring program, the
 * outputs of the objective as `objective/<name>`, and for each trained parameter `gradient/<name>`,
 * which is its gradient, or the sum of an input and the gradient.
 */
export function traceTraining(
  layout: ParameterLayout,
  objective: ObjectiveProgram,
  options: TrainingProgramOptions,
): Program {
  const { addsToSums = false, scalesLoss = false, keepsLeast = false } = options;
  const program = trace((g): Record<string, Tensor> => {
    const model = traceModel(g, layout);
    const scores = forwardTokens(g, model, layout, options);
    const { newLogProbs, entropies, values } = scores;
    const parameters = layout.trained.map(({ name }) => g.inputs[name] ?? model.parameter(name));
    const results = inlineProgram(g, objective.program, {
      newLogProbs: g.stopGradient(newLogProbs),
      entropies: g.stopGradient(entropies),
      weights: g.input("weights", "float32", ["token"]),
      responses: g.input("responses", "int32", ["token"]),
      responseAxis: g.input("responseAxis", "float32", ["response"]),
      ...Object.fromEntries(
        selectFedFields(objective.needs).map((field) => [
          field,
          g.input(field, "float32", ["token"]),
        ]),
      ),
      ...(values && { values: g.stopGradient(values) }),
    });
    // The objective program includes its gradient, so the rest is linear in the model's outputs.
    const share = (output: Tensor, gradient: Tensor): Tensor =>
      g.reduceSum(g.multiply(output, gradient));
    const shares = [
      share(newLogProbs, results["newLogProbs"]!),
      ...(objective.usesEntropies ? [share(entropies, results["entropies"]!)] : []),
      ...(values && results["values"] ? [share(values, results["values"])] : []),
    ];
    const total = shares.reduce((sum, each) => g.add(sum, each));
    const linearized = scalesLoss ? g.multiply(total, g.input("lossScale", "float32", [])) : total;
    const parameterGradients = gradients(g, linearized, parameters);
    const addToSum = ({ name, shape }: ParameterSpec, gradient: Tensor): Tensor =>
      addsToSums ? g.add(g.input(sumPrefix + name, "float32", shape), gradient) : gradient;
    return {
      ...scores,
      ...Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [`objective/${name}`, tensor]),
      ),
      ...Object.fromEntries(
        layout.trained.map((spec, i) => [
          gradientPrefix + spec.name,
          addToSum(spec, parameterGradients[i]!),
        ]),
      ),
    };
  });
  if (!keepsLeast) return program;
  const outputGradients = Object.keys(program.outputs).filter((name) =>
    outputGradientNames.has(name),
  );
  return rematerialize(program, outputGradients);
}
