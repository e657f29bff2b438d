import type { CompileOptions, Output, ResidentTensor, SpareArrays } from "@turnwise/graph";
import type { Parameters } from "../model/shape/parameters.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import type { SharedTensor, WeightFeeds } from "./resident-weights.ts";

/** Before the name of a parameter: an output of training programs, its gradient. */
export const gradientPrefix = "gradient/";

/** Before the name of a parameter: an input of training programs that they add its gradient to. */
export const sumPrefix = "sum/";

/** The optimizer's running averages, and how many steps it has made. */
export interface OptimizerState {
  readonly step: number;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
}

/** All that training has changed, to be read tensor by tensor; an array that is read may change later. */
export interface StateReader {
  /** Optimizer steps that were made. */
  readonly step: number;
  readonly parameter: ReadTensor;
  readonly firstMoment: ReadTensor;
  readonly secondMoment: ReadTensor;
}

/** What a training program returns: arrays, and tensors that stayed with the executor. */
export type TrainingOutputs = Readonly<Record<string, Output | ResidentTensor>>;

/**
 * What is trained, with the sum of its gradients and the optimizer's averages, wherever they are. A step
 * is `begin`, runs of a training program with `add` behind each, `gradientNorm` and `apply`.
 */
export interface TrainedState {
  /** What programs read, until the next step. */
  readonly feeds: WeightFeeds;
  /** Starts a new sum of gradients, or gives up the one that was begun. */
  begin(): void;
  /**
   * The sum so far, as inputs of the next training program, which then is to add to them; undefined
   * where it is to give its gradients alone.
   */
  readonly sums: Readonly<Record<string, ResidentTensor>> | undefined;
  /** Gives away arrays that gradients may be computed into, by the names of a program's outputs. */
  takeSpare?(): SpareArrays;
  /** How to compile a training program, so that `add` can take what it returns. */
  compileOptions(addsToSums: boolean): CompileOptions<string>;
  /** Takes the gradients of a microbatch, or the sum that they were added to. */
  add(outputs: TrainingOutputs): void;
  /** The global norm of the sum; not finite if an entry is not. */
  gradientNorm(): Promise<number>;
  /**
   * Makes one step along the sum of gradients, clipped.
   * @param gradientNorm - The norm of the gradient.
   * @param lossScale - By how much the sum is larger than the gradient.
   * @returns The learning rate of the step.
   */
  apply(gradientNorm: number, lossScale: number): Promise<number>;
  /** The sum of gradients of a parameter after a step. @throws `Error` where it is not kept. */
  gradient(name: string): Float32Array;
  /** All that changes. */
  readonly reader: StateReader;
  /** Takes over weights and, if given, the optimizer's state. All are copied. */
  restore(parameters: Parameters, state?: OptimizerState): Promise<void>;
  /** The present weights where the executor has them; else undefined. */
  readonly tensors: ReadonlyMap<string, SharedTensor> | undefined;
  close(): Promise<void>;
}
