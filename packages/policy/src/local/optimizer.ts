import { checkNonNegative, checkPositive } from "@turnwise/core";
import { accumulate, globalNorm } from "@turnwise/graph";
import { AdamWKernel } from "./adam-w-kernel.ts";
import { learningRateAt, type LearningRateSchedule } from "../learning-rate.ts";
import { sizeOf, type Parameters, type ParameterSpec } from "../parameters.ts";

/** AdamW, as PyTorch computes it, behind a clipped gradient. */
export interface OptimizerConfig {
  readonly learningRate: LearningRateSchedule;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled decay. Default 0. */
  readonly weightDecay?: number;
  /** What decays: `matrices` leaves norms and biases alone. Default `matrices`. */
  readonly decayed?: "matrices" | "all";
  /** The global norm that longer gradients are scaled to; `Infinity` never scales. Default 1. */
  readonly maxGradientNorm?: number;
}

/** The optimizer's running averages, and how many steps it has made. */
export interface OptimizerState {
  readonly step: number;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
}

/** Copies the values of all parameters of `target` from `source`. */
export function copyParameters(target: Parameters, source: Parameters): void {
  for (const [name, values] of target) values.set(source.get(name)!);
}

const zeros = (table: readonly ParameterSpec[]): Parameters =>
  new Map(table.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));

function checkOptimizer({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  maxGradientNorm = 1,
}: OptimizerConfig): void {
  learningRateAt(learningRate, 0);
  learningRateAt(learningRate, learningRate.warmupSteps ?? 0);
  checkNonNegative("optimizer", { beta1, beta2, epsilon, weightDecay });
  if (maxGradientNorm !== Number.POSITIVE_INFINITY) checkPositive("optimizer", { maxGradientNorm });
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (value >= 1) throw new RangeError(`optimizer: ${name} must be below 1, got ${value}`);
  }
}

/** Adds up gradients, clips them and makes AdamW steps, all in place. */
export class Optimizer {
  readonly #config: OptimizerConfig;
  readonly #table: readonly ParameterSpec[];
  readonly #firstMoments: Parameters;
  readonly #secondMoments: Parameters;
  /** Of those parameters that got one. */
  readonly #gradients = new Map<string, Float32Array>();
  readonly #kernel = new AdamWKernel();
  #step = 0;

  /** @throws `RangeError` for options outside their range. */
  constructor(table: readonly ParameterSpec[], config: OptimizerConfig) {
    checkOptimizer(config);
    this.#config = config;
    this.#table = table;
    this.#firstMoments = zeros(table);
    this.#secondMoments = zeros(table);
  }

  /** What all steps so far left; the arrays change with each step. */
  get state(): OptimizerState {
    return {
      step: this.#step,
      firstMoments: this.#firstMoments,
      secondMoments: this.#secondMoments,
    };
  }

  /** Takes over a state, which is copied. */
  restore({ step, firstMoments, secondMoments }: OptimizerState): void {
    copyParameters(this.#firstMoments, firstMoments);
    copyParameters(this.#secondMoments, secondMoments);
    this.#step = step;
  }

  /** Starts a new sum of gradients. */
  begin(): void {
    this.#gradients.clear();
  }

  /** Adds a gradient to the sum; the first array that is given is kept, and added to. */
  add(name: string, gradient: Float32Array): void {
    const sum = this.#gradients.get(name);
    if (sum) {
      accumulate(sum, gradient);
      return;
    }
    // Programs give one array where two gradients are the same.
    const isTaken = [...this.#gradients.values()].includes(gradient);
    this.#gradients.set(name, isTaken ? gradient.slice() : gradient);
  }

  /** The sum for one parameter. */
  gradient(name: string): Float32Array {
    const found = this.#gradients.get(name);
    if (found) return found;
    const spec = this.#table.find((each) => each.name === name);
    if (!spec) throw new RangeError(`gradient: name must be a parameter, got ${name}`);
    return new Float32Array(sizeOf(spec.shape));
  }

  /** The global norm of the sum, not clipped. */
  gradientNorm(): number {
    return globalNorm([...this.#gradients.values()]);
  }

  /**
   * Makes one step along the sum of gradients, scaled down to `maxGradientNorm`.
   * @param gradientNorm - Its norm.
   * @returns The learning rate of the step.
   */
  apply(parameters: Parameters, gradientNorm: number): number {
    const {
      learningRate: schedule,
      beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-8,
      weightDecay = 0,
      decayed = "matrices",
      maxGradientNorm = 1,
    } = this.#config;
    const learningRate = learningRateAt(schedule, this.#step);
    this.#step++;
    // As torch.nn.utils.clip_grad_norm_ has it.
    const gradientScale = Math.min(1, maxGradientNorm / (gradientNorm + 1e-6));
    for (const { name, shape } of this.#table) {
      this.#kernel.run(
        {
          parameter: parameters.get(name)!,
          gradient: this.gradient(name),
          firstMoment: this.#firstMoments.get(name)!,
          secondMoment: this.#secondMoments.get(name)!,
        },
        {
          step: this.#step,
          learningRate,
          beta1,
          beta2,
          epsilon,
          weightDecay: decayed === "all" || shape.length > 1 ? weightDecay : 0,
          gradientScale,
        },
      );
    }
    return learningRate;
  }
}
