import {
  accumulate,
  globalNorm,
  type CompileOptions,
  type Feed,
  type SpareArrays,
} from "@turnwise/graph";
import { countElements, type Parameters, type ParameterSpec } from "../model/shape/parameters.ts";
import { AdamWKernel } from "./adam-w-kernel.ts";
import { checkOptimizer, planStep, type OptimizerConfig } from "./optimizer-config.ts";
import {
  gradientPrefix,
  type OptimizerState,
  type StateReader,
  type TrainedState,
  type TrainingOutputs,
} from "./trained-state.ts";

/** Copies the values of all parameters of `target` from `source`. */
function overwriteParameters(target: Parameters, source: Parameters): void {
  for (const [name, values] of target) values.set(source.get(name)!);
}

const zeros = (table: readonly ParameterSpec[]): Parameters =>
  new Map(table.map(({ name, shape }) => [name, new Float32Array(countElements(shape))]));

/** Training state in host arrays: gradients are summed, clipped and applied in place. */
export class HostState implements TrainedState {
  readonly #config: OptimizerConfig;
  readonly #table: readonly ParameterSpec[];
  readonly #parameters: Parameters;
  readonly #firstMoments: Parameters;
  readonly #secondMoments: Parameters;
  /** Gradient sums of the parameters that got a gradient. */
  readonly #gradients = new Map<string, Float32Array>();
  /** Unused arrays into which gradients may be written. */
  readonly #spare = new Map<string, Float32Array>();
  readonly #kernel = new AdamWKernel();
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly sums = undefined;
  readonly tensors = undefined;
  #step = 0;

  /**
   * @param parameters - Values of the table's parameters, updated in place.
   * @throws `RangeError` for options outside their range.
   */
  constructor(table: readonly ParameterSpec[], parameters: Parameters, config: OptimizerConfig) {
    checkOptimizer(config);
    this.#config = config;
    this.#table = table;
    this.#parameters = parameters;
    this.#firstMoments = zeros(table);
    this.#secondMoments = zeros(table);
    this.feeds = new Map(
      table.map(({ name, shape }) => [name, { data: parameters.get(name)!, shape }]),
    );
  }

  begin(): void {
    for (const [name, gradient] of this.#gradients) this.#spare.set(name, gradient);
    this.#gradients.clear();
  }

  takeSpare(): SpareArrays {
    const arrays = [...this.#spare].map(([name, data]) => [gradientPrefix + name, data] as const);
    this.#spare.clear();
    return Object.fromEntries(arrays);
  }

  compileOptions(): CompileOptions<string> {
    return {};
  }

  add(outputs: TrainingOutputs): void {
    for (const { name } of this.#table) {
      const output = outputs[gradientPrefix + name]!;
      if ("data" in output) this.#add(name, output.data);
    }
  }

  /** Keeps the first gradient array; later gradients are added to it. */
  #add(name: string, gradient: Float32Array): void {
    const sum = this.#gradients.get(name);
    if (sum) {
      accumulate(sum, gradient);
      this.#spare.set(name, gradient);
      return;
    }
    // If two gradients are equal, programs return the same array for both.
    const isTaken = [...this.#gradients.values()].includes(gradient);
    this.#gradients.set(name, isTaken ? gradient.slice() : gradient);
  }

  gradient(name: string): Float32Array {
    const found = this.#gradients.get(name);
    if (found) return found;
    const spec = this.#table.find((each) => each.name === name);
    if (!spec) throw new RangeError(`gradient: name must be a parameter, got ${name}`);
    return new Float32Array(countElements(spec.shape));
  }

  async gradientNorm(): Promise<number> {
    return globalNorm([...this.#gradients.values()]);
  }

  async apply(gradientNorm: number, lossScale: number): Promise<number> {
    const plan = planStep(this.#config, this.#step, gradientNorm, lossScale);
    this.#step++;
    for (const { name, shape } of this.#table) {
      this.#kernel.run(
        {
          parameter: this.#parameters.get(name)!,
          gradient: this.gradient(name),
          firstMoment: this.#firstMoments.get(name)!,
          secondMoment: this.#secondMoments.get(name)!,
        },
        plan.optionsOf(shape),
      );
    }
    return plan.learningRate;
  }

  get reader(): StateReader {
    return {
      step: this.#step,
      parameter: (name) => this.#parameters.get(name)!,
      firstMoment: (name) => this.#firstMoments.get(name)!,
      secondMoment: (name) => this.#secondMoments.get(name)!,
    };
  }

  async restore(parameters: Parameters, state?: OptimizerState): Promise<void> {
    overwriteParameters(this.#parameters, parameters);
    if (!state) return;
    overwriteParameters(this.#firstMoments, state.firstMoments);
    overwriteParameters(this.#secondMoments, state.secondMoments);
    this.#step = state.step;
  }

  async close(): Promise<void> {}
}
