import type { CompileOptions, Output, ResidentTensor, SpareArrays } from "@turnwise/graph";
import type { Parameters } from "../model/shape/parameters.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import type { SharedTensor, WeightFeeds } from "./resident-weights.ts";

/** Prefix of a parameter's gradient among the outputs of training programs. */
export const gradientPrefix = "gradient/";

/** Prefix of a parameter's gradient sum among the inputs of training programs. */
export const sumPrefix = "sum/";

/** Optimizer averages, and the number of steps made. */
export interface OptimizerState {
  readonly step: number;
  readonly firstMoments: Parameters;
  readonly secondMoments: Parameters;
}

/** Reads everything that training changes, tensor by tensor; a returned array may change later. */
export interface StateReader {
  /** Number of optimizer steps made. */
  readonly step: number;
  readonly parameter: ReadTensor;
  readonly firstMoment: ReadTensor;
  readonly secondMoment: ReadTensor;
}

/** Outputs of a training program: host arrays, and tensors that stay with the executor. */
export type TrainingOutputs = Readonly<Record<string, Output | ResidentTensor>>;

/**
 * Trained parameters with their gradient sums and optimizer averages. A step is `begin`, runs of a
 * training program each followed by `add`, then `gradientNorm` and `apply`.
 */
export interface TrainedState {
  /** Inputs of programs, valid until the next step. */
  readonly feeds: WeightFeeds;
  /** Starts a new gradient sum, discarding an unfinished one. */
  begin(): void;
  /**
   * Gradient sum so far, as inputs of a training program that adds to it; undefined if the next
   * program should return plain gradients.
   */
  readonly sums: Readonly<Record<string, ResidentTensor>> | undefined;
  /** Hands out arrays that gradients may be computed into, by output name. */
  takeSpare?(): SpareArrays;
  /** Compile options of a training program whose outputs `add` accepts. */
  compileOptions(addsToSums: boolean): CompileOptions<string>;
  /** Adds the gradients of a microbatch, or replaces the sum if the program added to it. */
  add(outputs: TrainingOutputs): void;
  /** Global norm of the sum; not finite if an entry is not. */
  gradientNorm(): Promise<number>;
  /**
   * Makes one step along the gradient sum, clipped.
   * @param gradientNorm - Norm of the gradient.
   * @param lossScale - Factor by which the sum exceeds the gradient.
   * @returns The learning rate of the step.
   */
  apply(gradientNorm: number, lossScale: number): Promise<number>;
  /** Gradient sum of a parameter after a step. @throws `Error` if it is not kept. */
  gradient(name: string): Float32Array;
  /** Reader of everything that changes. */
  readonly reader: StateReader;
  /** Replaces the weights and, if given, the optimizer state. All are copied. */
  restore(parameters: Parameters, state?: OptimizerState): Promise<void>;
  /** Current weights as executor tensors; undefined if they are host arrays. */
  readonly tensors: ReadonlyMap<string, SharedTensor> | undefined;
  close(): Promise<void>;
}
