import type { CompileOptions, Output, ResidentTensor, SpareArrays } from "@turnwise/graph";
import type { Parameters } from "../model/shape/parameters.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import type { SharedTensor, WeightFeeds } from "./resident-weights.ts";

/** Prefix of a parameter's gradient among the outputs of training programs. */
export const gradientPrefix = "gradient/";

/** Prefix of a parameter's gradient sum among the inputs of training programs. */
export const sumPrefix = "sum/";

/** Optimizer moments, and the number of steps made. */
export interface OptimizerState {
  readonly step: number;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
}

/**
 * Reads everything that training changes, one tensor at a time. A returned array may change later.
 */
export interface StateReader {
  /** Number of optimizer steps made. */
  readonly step: number;
  readonly parameter: ReadTensor;
  readonly firstMoment: ReadTensor;
  readonly secondMoment: ReadTensor;
}

/** Outputs of a training program: host arrays or resident tensors. */
export type TrainingOutputs = Readonly<Record<string, Output | ResidentTensor>>;

/**
 * Trained parameters with their gradient sums and optimizer moments. An optimizer step consists of
 * `begin`, runs of a training program each followed by `add`, then `gradientNorm` and `apply`.
 */
export interface TrainedState {
  /** Parameters as inputs of programs, valid until the next step. */
  readonly feeds: WeightFeeds;
  /** Starts a new gradient sum, discarding an unfinished one. */
  begin(): void;
  /**
   * Gradient sums so far, as inputs of a training program that adds to them; `undefined` if the
   * next program should return plain gradients.
   */
  readonly sums: Readonly<Record<string, ResidentTensor>> | undefined;
  /** Takes spare arrays into which gradients may be written, by output name. */
  takeSpare?(): SpareArrays;
  /** Options for compiling a training program whose outputs are passed to `add`. */
  compileOptions(addsToSums: boolean): CompileOptions<string>;
  /** Adds the gradients of a microbatch; if the program itself added them, replaces the sums. */
  add(outputs: TrainingOutputs): void;
  /** Global norm of the gradient sum; not finite if an entry is not finite. */
  gradientNorm(): Promise<number>;
  /**
   * Makes one optimizer step with the clipped gradient sum.
   * @param gradientNorm - Norm of the unscaled gradient.
   * @param lossScale - Factor by which the gradient sum is scaled.
   * @returns The learning rate of the step.
   */
  apply(gradientNorm: number, lossScale: number): Promise<number>;
  /** Gradient sum of a parameter after a step. @throws `Error` if gradient sums are not kept. */
  gradient(name: string): Float32Array;
  /** Reader of everything that training changes. */
  readonly reader: StateReader;
  /** Replaces the weights and, if given, the optimizer state. All values are copied. */
  restore(parameters: Parameters, state?: OptimizerState): Promise<void>;
  /** Current weights as resident tensors; `undefined` if they are host arrays. */
  readonly tensors: ReadonlyMap<string, SharedTensor> | undefined;
  close(): Promise<void>;
}
