import { checkPositive } from "@turnwise/core";
import type { Executor } from "../executor.ts";
import { gradients } from "../gradients.ts";
import type { Feed } from "../program.ts";
import type { ResidentTensor, RunFeeds } from "../resident-tensor.ts";
import type { Tensor } from "../tensor.ts";
import { trace, type Tracer } from "../tracer.ts";
import type { AdamWOptions } from "./adam-w.ts";
import { adamWFeed, adamWFeedLength, clipScale, traceAdamW } from "./trace-adam-w.ts";

/** Options of {@link createTrainer}. */
export interface TrainerOptions {
  /** Initial weights by name, float32. They are copied. */
  readonly parameters: Readonly<Record<string, Feed>>;
  /**
   * Traces the loss, a float32 scalar.
   * @param weights - The parameters as inputs of the program. The function declares all other
   *   inputs.
   */
  readonly loss: (g: Tracer, weights: Readonly<Record<string, Tensor>>) => Tensor;
  /**
   * Maximum joint Euclidean norm of the gradients, to which they are clipped, `> 0`. Default: no
   * clipping.
   */
  readonly maxNorm?: number;
}

/** Report of one optimizer step. */
export interface TrainerReport {
  /** Loss before the weights change. */
  readonly loss: number;
  /** Joint Euclidean norm of all gradients before clipping. */
  readonly gradientNorm: number;
}

/** Trains weights that stay in an executor's memory. */
export interface Trainer {
  /**
   * Makes one optimizer step of AdamW. Await each step before calling the next.
   * @param feeds - Inputs that `loss` declared.
   * @param options - Options of `adamW`; steps are counted from 1.
   */
  step(feeds: RunFeeds, options: Omit<AdamWOptions, "step">): Promise<TrainerReport>;
  /** Copies a parameter. @throws `RangeError` for an unknown name. */
  read(name: string): Promise<Float32Array>;
  /** Releases the weights, the moments and the program. */
  close(): Promise<void>;
}

const coefficientsInput = "AdamW's coefficients";

function stateNames(name: string): readonly [string, string, string] {
  return [name, `first moment of ${name}`, `second moment of ${name}`];
}

/**
 * Compiles a complete optimizer step as one program: loss, gradients, clipping and AdamW. Weights
 * and moments stay in the executor's memory; a step transfers only its feeds and two numbers (loss
 * and gradient norm).
 *
 * @throws `RangeError` without parameters, or for a `maxNorm` that is not above 0; and the errors
 *   of `trace`, `gradients` and `compile`.
 *
 * @example
 * const trainer = await createTrainer(executor, {
 *   parameters: { weight: { data: new Float32Array(2), shape: [1, 2] } },
 *   loss: (g, { weight }) => {
 *     const error = g.subtract(g.linear(g.input("x", "float32", ["n", 2]), weight!), 1);
 *     return g.reduceMean(g.multiply(error, error));
 *   },
 * });
 * const { loss } = await trainer.step({ x }, { learningRate: 0.01 });
 */
export async function createTrainer(
  executor: Executor,
  { parameters, loss: traceLoss, maxNorm }: TrainerOptions,
): Promise<Trainer> {
  const names = Object.keys(parameters);
  if (names.length === 0) {
    throw new RangeError("createTrainer: parameters must not be empty, got length 0");
  }
  if (maxNorm !== undefined) checkPositive("createTrainer", { maxNorm });
  const program = trace((g) => {
    const input = (name: string, of: string): Tensor =>
      g.input(name, "float32", parameters[of]!.shape);
    const weights = Object.fromEntries(names.map((name) => [name, input(name, name)]));
    const loss = traceLoss(g, weights);
    const found = gradients(g, loss, Object.values(weights));
    const { scale, norm } = clipScale(g, found, maxNorm ?? 1);
    const coefficients = g.input(coefficientsInput, "float32", [adamWFeedLength]);
    const outputs: Record<string, Tensor> = {};
    names.forEach((name, i) => {
      const [, first, second] = stateNames(name);
      const next = traceAdamW(
        g,
        {
          parameter: weights[name]!,
          gradient: found[i]!,
          firstMoment: input(first, name),
          secondMoment: input(second, name),
        },
        coefficients,
        maxNorm === undefined ? undefined : scale,
      );
      outputs[name] = next.parameter;
      outputs[first] = next.firstMoment;
      outputs[second] = next.secondMoment;
    });
    return { ...outputs, "the loss": loss, "the norm": norm };
  });
  const resident: readonly string[] = names.flatMap(stateNames);
  const executable = await executor.compile<string, string>(program, { resident });

  const state = new Map<string, ResidentTensor>();
  for (const name of names) {
    const { data, shape } = parameters[name]!;
    const zeros = { data: new Float32Array(data.length), shape };
    const [parameter, first, second] = stateNames(name);
    state.set(parameter, await executor.upload({ data, shape }));
    state.set(first, await executor.upload(zeros));
    state.set(second, await executor.upload(zeros));
  }
  let numSteps = 0;
  return {
    step: async (feeds, options) => {
      const coefficients = adamWFeed({ ...options, step: numSteps + 1 });
      const outputs = await executable.run({
        ...feeds,
        ...Object.fromEntries(state),
        [coefficientsInput]: coefficients,
      });
      numSteps++;
      const numbers: Record<string, number> = {};
      for (const [name, output] of Object.entries(outputs)) {
        if ("data" in output) {
          numbers[name] = output.data[0]!;
          continue;
        }
        state.get(name)?.dispose();
        state.set(name, output);
      }
      return { loss: numbers["the loss"]!, gradientNorm: numbers["the norm"]! };
    },
    read: async (name) => {
      const tensor = names.includes(name) ? state.get(name) : undefined;
      if (!tensor) {
        throw new RangeError(
          `read: name must be a parameter (${names.join(", ")}), got ${JSON.stringify(name)}`,
        );
      }
      return tensor.read();
    },
    close: async () => {
      for (const tensor of state.values()) tensor.dispose();
      state.clear();
      await executable.release();
    },
  };
}
