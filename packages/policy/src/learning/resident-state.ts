import {
  adamWFeed,
  type CompileOptions,
  type Executable,
  type Executor,
  type Feed,
  type ResidentTensor,
} from "@turnwise/graph";
import { countElements, type Parameters, type ParameterSpec } from "../model/shape/parameters.ts";
import {
  checkOptimizer,
  planStep,
  type OptimizerConfig,
  type StepPlan,
} from "./optimizer-config.ts";
import { SharedTensor, type WeightFeeds } from "./resident-weights.ts";
import {
  changedParts,
  coefficientsInput,
  groupParameters,
  traceSquaredNorms,
  traceOptimizerStep,
} from "./optimizer-programs.ts";
import {
  gradientPrefix,
  sumPrefix,
  type OptimizerState,
  type StateReader,
  type TrainedState,
  type TrainingOutputs,
} from "./trained-state.ts";

/** Parameter and its optimizer moments, as resident tensors. */
interface TrainedTensors {
  parameter: SharedTensor;
  firstMoment: ResidentTensor;
  secondMoment: ResidentTensor;
}

/**
 * Training state in resident tensors: an optimizer step uploads only coefficients and downloads one
 * number per parameter. If another object also holds a weight, the step writes a new tensor;
 * otherwise it updates the weight in place if the executor supports that.
 */
export class ResidentState implements TrainedState {
  readonly #executor: Executor;
  readonly #config: OptimizerConfig;
  readonly #table: readonly ParameterSpec[];
  readonly #trained = new Map<string, TrainedTensors>();
  #sums: Record<string, ResidentTensor> | undefined;
  #squares: Promise<Executable<"squares">> | undefined;
  readonly #steps = new Map<string, Promise<Executable<string, string>>>();
  #step = 0;
  /** Error of a step that failed halfway, so that some weights are updated and others are not. */
  #broken: unknown;

  private constructor(
    executor: Executor,
    table: readonly ParameterSpec[],
    config: OptimizerConfig,
  ) {
    checkOptimizer(config);
    this.#executor = executor;
    this.#config = config;
    this.#table = table;
  }

  /**
   * Uploads parameters, and zeros for their moments.
   * @throws `RangeError` for options outside their range.
   */
  static async create(
    executor: Executor,
    table: readonly ParameterSpec[],
    parameters: Parameters,
    config: OptimizerConfig,
  ): Promise<ResidentState> {
    const state = new ResidentState(executor, table, config);
    try {
      for (const { name, shape } of table) {
        const zeros = { data: new Float32Array(countElements(shape)), shape };
        state.#trained.set(name, {
          parameter: new SharedTensor(
            await executor.upload({ data: parameters.get(name)!, shape }),
          ),
          firstMoment: await executor.upload(zeros),
          secondMoment: await executor.upload(zeros),
        });
      }
      return state;
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  get feeds(): WeightFeeds {
    if (this.#broken !== undefined) {
      throw new Error(
        "learner: an optimizer step failed halfway, so some weights are updated and others are not; restore a checkpoint",
        {
          cause: this.#broken,
        },
      );
    }
    return new Map([...this.#trained].map(([name, { parameter }]) => [name, parameter.tensor]));
  }

  get sums(): Record<string, ResidentTensor> | undefined {
    return this.#sums;
  }

  begin(): void {
    for (const sum of Object.values(this.#sums ?? {})) sum.dispose();
    this.#sums = undefined;
  }

  compileOptions(addsToSums: boolean): CompileOptions<string> {
    const names = this.#table.map(({ name }) => name);
    return {
      resident: names.map((name) => gradientPrefix + name),
      ...(addsToSums && { consumed: names.map((name) => sumPrefix + name) }),
    };
  }

  add(outputs: TrainingOutputs): void {
    const sums: Record<string, ResidentTensor> = {};
    for (const { name } of this.#table) {
      const output = outputs[gradientPrefix + name]!;
      if ("data" in output) throw new TypeError(`add: gradient of ${name} must be resident`);
      sums[sumPrefix + name] = output;
    }
    this.#sums = sums;
  }

  async gradientNorm(): Promise<number> {
    if (!this.#sums) return 0;
    this.#squares ??= this.#executor.compile(traceSquaredNorms(this.#table));
    const { squares } = await (await this.#squares).run(this.#sums);
    return Math.sqrt(squares.data.reduce((total, each) => total + each, 0));
  }

  async apply(gradientNorm: number, lossScale: number): Promise<number> {
    const plan = planStep(this.#config, this.#step, gradientNorm, lossScale);
    const sums = this.#sums ?? (await this.#zeroSums());
    try {
      for (const group of groupParameters(this.#table)) await this.#applyTo(group, sums, plan);
    } catch (error) {
      this.#broken = error;
      throw error;
    } finally {
      this.#sums = sums;
      this.begin();
    }
    this.#step++;
    return plan.learningRate;
  }

  /**
   * Zero gradient sums, for a step without microbatches, in which only weight decay has an effect.
   */
  async #zeroSums(): Promise<Record<string, ResidentTensor>> {
    const sums: Record<string, ResidentTensor> = {};
    for (const { name, shape } of this.#table) {
      const data = new Float32Array(countElements(shape));
      sums[sumPrefix + name] = await this.#executor.upload({ data, shape });
    }
    return sums;
  }

  /** Makes the optimizer step for one group of parameters. */
  async #applyTo(
    group: readonly ParameterSpec[],
    sums: Readonly<Record<string, ResidentTensor>>,
    plan: StepPlan,
  ): Promise<void> {
    const all = group.map(({ name }) => this.#trained.get(name)!);
    const feeds: Record<string, Feed | ResidentTensor> = {};
    group.forEach(({ name, shape }, i) => {
      const { parameter, firstMoment, secondMoment } = all[i]!;
      feeds[`${i}/parameter`] = parameter.tensor;
      feeds[`${i}/gradient`] = sums[sumPrefix + name]!;
      feeds[`${i}/firstMoment`] = firstMoment;
      feeds[`${i}/secondMoment`] = secondMoment;
      feeds[coefficientsInput(shape.length)] ??= adamWFeed(plan.optionsOf(shape));
    });
    const isShared = all.some(({ parameter }) => parameter.isShared);
    const executable = await this.#compileStep(group, isShared);
    const outputs = await executable.run(feeds);
    all.forEach((trained, i) => {
      const [parameter, firstMoment, secondMoment] = changedParts.map((part) => {
        const output = outputs[`${i}/${part}`]!;
        if ("data" in output) throw new TypeError(`apply: ${part} must be resident, got an array`);
        return output;
      });
      // The run has disposed of the consumed tensor; `release` only removes this holder.
      trained.parameter.release();
      trained.parameter = new SharedTensor(parameter!);
      trained.firstMoment = firstMoment!;
      trained.secondMoment = secondMoment!;
    });
  }

  #compileStep(
    group: readonly ParameterSpec[],
    isShared: boolean,
  ): Promise<Executable<string, string>> {
    const ranks = group.map(({ shape }) => shape.length);
    const key = `${ranks.join(" ")} ${isShared ? "shared" : "own"}`;
    let executable = this.#steps.get(key);
    if (!executable) {
      const program = traceOptimizerStep(ranks);
      const consumed = Object.keys(program.inputs).filter(
        (name) => name.includes("/") && !(isShared && name.endsWith("/parameter")),
      );
      const resident = Object.keys(program.outputs);
      executable = this.#executor.compile<string, string>(program, { resident, consumed });
      this.#steps.set(key, executable);
    }
    return executable;
  }

  gradient(): never {
    throw new Error(
      "gradient: gradient sums are on the device and already released; they are kept only in host arrays",
    );
  }

  get reader(): StateReader {
    const of = (name: string): TrainedTensors => {
      const trained = this.#trained.get(name);
      if (!trained) throw new RangeError(`read: name must be a parameter, got ${name}`);
      return trained;
    };
    return {
      step: this.#step,
      parameter: (name) => of(name).parameter.tensor.read(),
      firstMoment: (name) => of(name).firstMoment.read(),
      secondMoment: (name) => of(name).secondMoment.read(),
    };
  }

  async restore(parameters: Parameters, state?: OptimizerState): Promise<void> {
    const isWhole = this.#broken === undefined || state !== undefined;
    this.#broken ??= new Error(
      "restore: failed halfway, so some weights are restored and others are not; restore again",
    );
    for (const { name, shape } of this.#table) {
      const trained = this.#trained.get(name)!;
      const upload = (values: Parameters): Promise<ResidentTensor> =>
        this.#executor.upload({ data: values.get(name)!, shape });
      trained.parameter.release();
      trained.parameter = new SharedTensor(await upload(parameters));
      if (!state) continue;
      trained.firstMoment.dispose();
      trained.firstMoment = await upload(state.firstMoments);
      trained.secondMoment.dispose();
      trained.secondMoment = await upload(state.secondMoments);
    }
    if (state) this.#step = state.step;
    if (isWhole) this.#broken = undefined;
  }

  get tensors(): ReadonlyMap<string, SharedTensor> {
    return new Map([...this.#trained].map(([name, { parameter }]) => [name, parameter]));
  }

  async close(): Promise<void> {
    this.begin();
    for (const { parameter, firstMoment, secondMoment } of this.#trained.values()) {
      parameter.release();
      firstMoment.dispose();
      secondMoment.dispose();
    }
    this.#trained.clear();
    await (await this.#squares)?.release();
    for (const executable of this.#steps.values()) await (await executable).release();
    this.#squares = undefined;
    this.#steps.clear();
  }
}
