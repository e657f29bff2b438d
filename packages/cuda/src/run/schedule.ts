import {
  evaluateDimension,
  type Dimension,
  type Sizes,
  type Tensor,
} from "@turnwise/graph/executor";
import type { CudaKernel, CudaProduct, ProductPrecision } from "../driver/cuda-device.ts";
import { WorkspaceLayout } from "./device-memory.ts";
import type { KernelCache } from "./kernel-cache.ts";
import type { Extent } from "../source/kernel-step.ts";
import { encodeDivisor } from "../source/kernel-writer.ts";
import type { Plan, PlanStep } from "../plan/plan.ts";
import { productCalls } from "../plan/product-calls.ts";

/** Action to queue. Values are given by their index in the list of addresses. */
export type Action =
  | {
      readonly kind: "launch";
      readonly kernel: CudaKernel;
      readonly grid: number;
      readonly parameters: BigInt64Array;
      /** `parameters` as 32-bit halves, for writing addresses. */
      readonly words: Uint32Array;
      /**
       * Flat list of pairs: index of a parameter, and index of the value whose address it takes.
       */
      readonly patches: readonly number[];
    }
  | {
      readonly kind: "multiply";
      readonly product: CudaProduct;
      readonly left: readonly [value: number, offset: number];
      readonly right: readonly [value: number, offset: number];
      readonly result: readonly [value: number, offset: number];
    }
  | { readonly kind: "clear"; readonly value: number; readonly bytes: number }
  | {
      readonly kind: "copy";
      readonly to: number;
      readonly from: number;
      readonly bytes: number;
    }
  /** Computes the bfloat16 copy of an input, unless the input has one. */
  | { readonly kind: "bfloat16Copy"; readonly input: number; readonly actions: readonly Action[] };

/** Storage of a run's inputs and outputs. */
export interface ValueSources {
  /** Inputs fed as arrays. */
  readonly arrays: ReadonlySet<number>;
  /** Inputs whose memory the run may reuse. */
  readonly consumed: ReadonlySet<number>;
  /** Outputs that remain on the device. */
  readonly resident: ReadonlySet<number>;
}

/** Program for concrete sizes: the actions to queue, and the offsets of values in the workspace. */
export interface Schedule {
  readonly actions: readonly Action[];
  /** Size of the workspace in bytes. */
  readonly workspaceBytes: number;
  /** Length of the list of addresses. */
  readonly numValues: number;
  /** Pairs of a value's index and its offset in the workspace. */
  readonly offsets: readonly (readonly [value: number, offset: number])[];
  /** Index of a value in the list of addresses; aliased values share an index. */
  readonly index: (id: number) => number;
  /** Size of a value in bytes. */
  readonly bytes: (tensor: Tensor) => number;
  readonly shape: (tensor: { readonly shape: readonly Dimension[] }) => number[];
  /** Consumed input whose memory each resident output takes over. */
  readonly reusedInputs: ReadonlyMap<number, number>;
  /** Bfloat16 copies for which a run needs memory, by input. */
  readonly bfloat16Copies: ReadonlyMap<number, { readonly result: number; readonly bytes: number }>;
}

/** Inputs of scheduling. */
export interface ScheduleParts {
  readonly plan: Plan;
  readonly kernels: KernelCache;
  readonly precision: ProductPrecision;
  /** Number of blocks that keeps the device busy. */
  readonly blocks: number;
  /** Maximum number of entries for 32-bit indices. */
  readonly maxNarrowEntries: number;
}

class Scheduler {
  readonly #parts: ScheduleParts;
  readonly #sources: ValueSources;
  readonly #sizes: Sizes;
  readonly #known = new Map<Dimension, number>();
  readonly #divisors = new Map<number, bigint>();
  readonly #layout = new WorkspaceLayout();
  readonly #indices = new Map<number, number>();
  readonly #offsets: [number, number][] = [];
  /** Memory ranges of values in the workspace. */
  readonly #ranges = new Map<number, { start: number; bytes: number }>();
  readonly #reusedInputs = new Map<number, number>();
  readonly #bfloat16Copies = new Map<number, { result: number; bytes: number }>();
  /**
   * Maps an intermediate value to the resident output that it becomes through in-place updates. The
   * value is in the buffer of that output from the start.
   */
  readonly #targetOutputs = new Map<number, number>();
  /** Consumed input by value, for values that are stored in the memory of a consumed input. */
  readonly #consumedInputs = new Map<number, number>();
  #numValues = 0;

  constructor(parts: ScheduleParts, sizes: Sizes, sources: ValueSources) {
    this.#parts = parts;
    this.#sizes = sizes;
    this.#sources = sources;
  }

  readonly size = (dimension: Dimension): number => {
    if (typeof dimension === "number") return dimension;
    const known = this.#known.get(dimension);
    if (known !== undefined) return known;
    const value = evaluateDimension(dimension, this.#sizes);
    this.#known.set(dimension, value);
    return value;
  };

  readonly bytes = (tensor: Tensor): number =>
    this.size(this.#parts.plan.program.size(tensor)) * this.#parts.plan.bytes(tensor);

  #encodeDivisor(size: number): bigint {
    const known = this.#divisors.get(size);
    if (known !== undefined) return known;
    const divisor = encodeDivisor(size);
    this.#divisors.set(size, divisor);
    return divisor;
  }

  #newIndex(id: number): number {
    const index = this.#numValues++;
    this.#indices.set(id, index);
    return index;
  }

  #reserve(id: number, bytes: number): void {
    const start = this.#layout.reserve(bytes);
    this.#ranges.set(id, { start, bytes });
    this.#offsets.push([this.#newIndex(id), start]);
  }

  #release(id: number): void {
    const place = this.#ranges.get(id);
    if (!place) return;
    this.#ranges.delete(id);
    this.#layout.release(place.start, place.bytes);
  }

  /**
   * Assigns memory to a result.
   * @param used - Values whose memory another result of this step already reuses.
   */
  #assignResult(step: PlanStep, result: Tensor, used: Set<number>): void {
    const { id } = result;
    const isResident = this.#sources.resident.has(id);
    const free = (step.reuses.get(id) ?? []).filter((each) => !used.has(each));
    const place = free.find((each) => this.#ranges.has(each));
    const consumed = free.find((each) => this.#consumedInputs.has(each));
    // Resident outputs need memory outside the workspace, such as the memory of a consumed input.
    // Leave consumed inputs to resident outputs, unless another result would need a copy.
    const mayTake = isResident || step.updated !== undefined;
    const reused = (isResident ? undefined : place) ?? (mayTake ? consumed : undefined);
    const goal = isResident ? id : this.#targetOutputs.get(id);
    if (goal !== undefined && (reused === undefined || reused === place)) {
      this.#indices.set(id, this.#indices.get(goal) ?? this.#newIndex(goal));
      return;
    }
    if (reused === undefined) {
      this.#reserve(id, this.bytes(result));
      return;
    }
    used.add(reused);
    this.#indices.set(id, this.#indices.get(reused)!);
    if (reused === place) {
      this.#ranges.set(id, this.#ranges.get(reused)!);
      this.#ranges.delete(reused);
    } else {
      const root = this.#consumedInputs.get(reused)!;
      this.#consumedInputs.set(id, root);
      if (isResident) this.#reusedInputs.set(id, root);
    }
  }

  #launches(step: PlanStep): Action[] {
    if (step.work.kind === "product") return this.#products(step, step.work.step);
    const { kernels, arrange } = step.work.step;
    const { blocks, maxNarrowEntries } = this.#parts;
    const { launches, scratchBytes = 0, clears = false } = arrange(this.#extent(blocks));
    const isWide = step.valueSizes.some((dimension) => this.size(dimension) > maxNarrowEntries);
    if (isWide) this.#parts.kernels.add(kernels, isWide);
    let scratch = 0;
    let scratchPlace: number | undefined;
    if (scratchBytes > 0) {
      scratchPlace = this.#layout.reserve(scratchBytes);
      scratch = this.#numValues++;
      this.#offsets.push([scratch, scratchPlace]);
    }
    const actions: Action[] = [];
    if (clears) {
      for (const result of step.results) {
        const bytes = this.bytes(result);
        if (bytes > 0) actions.push({ kind: "clear", value: this.#indices.get(result.id)!, bytes });
      }
    }
    for (const { kernel, grid, arguments: numbers } of launches) {
      if (grid === 0) continue;
      const text = kernels[kernel]!;
      const parameters = new BigInt64Array(text.parameters.length);
      const patches: number[] = [];
      text.parameters.forEach((parameter, i) => {
        if (parameter.kind === "value") {
          patches.push(i, this.#indices.get(parameter.id)!);
        } else if (parameter.kind === "size") {
          parameters[i] = BigInt(this.size(parameter.dimension));
        } else if (parameter.kind === "divisor") {
          parameters[i] = this.#encodeDivisor(this.size(parameter.dimension));
        } else if (parameter.name === "scratch") {
          if (scratchBytes > 0) patches.push(i, scratch);
        } else {
          parameters[i] = BigInt(numbers[parameter.name]!);
        }
      });
      actions.push({
        kind: "launch",
        kernel: this.#parts.kernels.get(text, isWide),
        grid,
        parameters,
        words: new Uint32Array(parameters.buffer),
        patches,
      });
    }
    if (scratchPlace !== undefined) this.#layout.release(scratchPlace, scratchBytes);
    return actions;
  }

  #extent(blocks: number): Extent {
    return { size: this.size, blocks };
  }

  #products(
    step: PlanStep,
    product: Extract<PlanStep["work"], { kind: "product" }>["step"],
  ): Action[] {
    const { precision, blocks } = this.#parts;
    const [left, right] = product.factors.map(({ base }) => this.#indices.get(base.id)!);
    const result = this.#indices.get(step.results[0]!.id)!;
    return productCalls(product, this.#extent(blocks), precision).map((call) => ({
      kind: "multiply",
      product: {
        ...call.product,
        left: { ...call.product.left },
        right: { ...call.product.right },
        result: { ...call.product.result },
      },
      left: [left!, call.left],
      right: [right!, call.right],
      result: [result, call.result],
    }));
  }

  #step(step: PlanStep): Action[] {
    const { arrays, consumed } = this.#sources;
    const input = step.bfloat16CopyOf;
    const hasBfloat16Copy = input !== undefined && !arrays.has(input) && !consumed.has(input);
    const [first] = step.results;
    if (hasBfloat16Copy) {
      this.#bfloat16Copies.set(input, {
        result: this.#newIndex(first!.id),
        bytes: this.bytes(first!),
      });
      const actions = this.#launches(step);
      return [{ kind: "bfloat16Copy", input, actions }];
    }
    const used = new Set<number>();
    for (const result of step.results) this.#assignResult(step, result, used);
    const actions: Action[] = [];
    if (step.updated !== undefined) {
      const [from, to] = [this.#indices.get(step.updated)!, this.#indices.get(first!.id)!];
      const bytes = this.bytes(first!);
      if (from !== to && bytes > 0) actions.push({ kind: "copy", from, to, bytes });
    }
    actions.push(...this.#launches(step));
    // Buffers that a result has taken over are no longer registered, so this does not free them.
    for (const id of step.lastReads) this.#release(id);
    return actions;
  }

  schedule(): Schedule {
    const { plan } = this.#parts;
    const { arrays, consumed } = this.#sources;
    for (const tensor of Object.values(plan.inputs)) {
      const { id } = tensor;
      if (arrays.has(id)) {
        this.#reserve(id, this.bytes(tensor));
      } else {
        this.#newIndex(id);
        if (consumed.has(id)) this.#consumedInputs.set(id, id);
      }
    }
    for (const { tensor } of plan.constants) this.#newIndex(tensor.id);
    for (const { updated, results, reuses } of plan.steps.toReversed()) {
      const id = results[0]?.id;
      if (updated === undefined || id === undefined || this.#indices.has(updated)) continue;
      const goal = this.#sources.resident.has(id) ? id : this.#targetOutputs.get(id);
      if (goal !== undefined && reuses.get(id)?.includes(updated))
        this.#targetOutputs.set(updated, goal);
    }
    const actions = plan.steps.flatMap((step) => this.#step(step));
    return {
      actions,
      workspaceBytes: this.#layout.bytes,
      numValues: this.#numValues,
      offsets: this.#offsets,
      index: (id) => this.#indices.get(id)!,
      bytes: this.bytes,
      shape: ({ shape }) => shape.map(this.size),
      reusedInputs: this.#reusedInputs,
      bfloat16Copies: this.#bfloat16Copies,
    };
  }
}

/** Schedules a run for given sizes. */
export function scheduleRun(parts: ScheduleParts, sizes: Sizes, sources: ValueSources): Schedule {
  return new Scheduler(parts, sizes, sources).schedule();
}
