import { checkInteger } from "@turnwise/core";
import { checkFeed } from "./bind-feeds.ts";
import { readFrozen, type FrozenFeeds } from "./file-feed.ts";
import { interpret } from "./interpret.ts";
import { mapRecord } from "./map-record.ts";
import type { Feed, Program } from "./program.ts";
import {
  OwnedTensor,
  type StorageOwner,
  type ResidentTensor,
  type RunFeeds,
} from "./resident-tensor.ts";

/** Output of an executed program. */
export interface Output {
  readonly shape: readonly number[];
  /** Entries in row-major order, in a new array for every run unless a spare array was used. */
  readonly data: Float32Array;
}

/**
 * Result of a run: arrays, and handles for resident outputs. If names are known only at run time,
 * check for `data`, which only arrays have.
 */
export type Outputs<Name extends string, Resident extends Name> = string extends Resident
  ? Record<string, Output | ResidentTensor>
  : Record<Exclude<Name, Resident>, Output> & Record<Resident, ResidentTensor>;

/** Arrays to reuse, by output name. */
export type SpareArrays = Readonly<Record<string, Float32Array>>;

/** Compiled program, which can run any number of times with different sizes. */
export interface Executable<Name extends string = string, Resident extends Name = never> {
  /**
   * Runs the program. Feeds are not changed, not even resident tensors: a training step returns new
   * weights, and the caller disposes of the old weights, unless they are `consumed`.
   * @param spare - Unused arrays, by output name: the executor may fill and return one instead of a
   *   new array, if it has the right number of entries.
   * @throws `RangeError` or `TypeError` for feeds that do not match the program; the message names
   *   the feed and the expected and given values.
   */
  run(feeds: RunFeeds, spare?: SpareArrays): Promise<Outputs<Name, Resident>>;
  /** Releases the executable; resident outputs of its runs stay valid. A later run throws. */
  release(): Promise<void>;
}

/** Options of {@link Executor.compile}. */
export interface CompileOptions<Resident extends string = never> {
  /** Outputs that stay in the executor's memory and are returned as handles. Default none. */
  readonly resident?: readonly Resident[];
  /**
   * Inputs whose resident tensors a run consumes: the run disposes of them, whether it succeeds or
   * fails, and may update them in place, as for a cache. During the run, such a tensor must not be
   * fed to another input or used elsewhere. Arrays can be fed as usual. Default none.
   */
  readonly consumed?: readonly string[];
  /**
   * Inputs whose values never change: they are not fed, and an executor may convert them to a
   * layout for its kernels once. The arrays must not be changed afterwards. An executor may
   * memory-map a {@link FileFeed}; others read it into an array. Default none.
   */
  readonly frozen?: FrozenFeeds;
  /**
   * Lets the executor keep the frozen arrays in addition to its own copy. With `false`, large
   * weights are not in memory twice, but no size of a run may be 0. Default true.
   */
  readonly keepsFrozen?: boolean;
  /**
   * Keeps the memory for intermediate values between runs. With `false` it is released after each
   * run, which suits many programs that run alternately. Default true.
   */
  readonly keepsMemory?: boolean;
}

/** Compiles programs for one kind of hardware. */
export interface Executor {
  /**
   * @throws `TypeError` if an output is not float32: cast it. `RangeError` if an option names an
   *   unknown output or input, or a frozen array does not match its input.
   */
  compile<Name extends string, Resident extends Name = never>(
    program: Program<Name>,
    options?: CompileOptions<Resident>,
  ): Promise<Executable<Name, Resident>>;
  /**
   * Copies a float32 array to the executor's memory.
   * @throws `RangeError` or `TypeError` if the number of entries does not match the shape, or their
   *   type is not float32.
   */
  upload(feed: Feed): Promise<ResidentTensor>;
}

/**
 * Checks that outputs are float32, the only type that executors return, that resident names are
 * outputs, and that consumed names are inputs.
 */
export function checkOutputs(
  where: string,
  program: Program,
  { resident = [], consumed = [], frozen = {} }: CompileOptions<string> = {},
): void {
  for (const [name, { dtype }] of Object.entries(program.outputs)) {
    if (dtype !== "float32") {
      throw new TypeError(`${where}: output ${name} must be float32, got ${dtype}`);
    }
  }
  for (const name of resident) {
    if (!Object.hasOwn(program.outputs, name)) {
      const known = Object.keys(program.outputs).join(", ");
      throw new RangeError(`${where}: resident must name outputs (${known}), got ${name}`);
    }
  }
  for (const name of consumed) {
    if (Object.hasOwn(program.inputs, name) && !Object.hasOwn(frozen, name)) continue;
    const known = Object.keys(program.inputs).filter((input) => !Object.hasOwn(frozen, input));
    throw new RangeError(
      `${where}: consumed must name inputs that are not frozen (${known.join(", ")}), got ${name}`,
    );
  }
}

/**
 * Runs a function that consumes the resident tensors fed to some inputs.
 * @throws `RangeError` if such a tensor is also fed to another input.
 */
export async function runConsuming<Result>(
  consumed: readonly string[],
  feeds: RunFeeds,
  run: () => Promise<Result>,
): Promise<Result> {
  const taken = new Map<ResidentTensor, string>();
  for (const name of consumed) {
    const feed = feeds[name];
    if (feed !== undefined && !("data" in feed)) taken.set(feed, name);
  }
  try {
    for (const [other, feed] of taken.size > 0 ? Object.entries(feeds) : []) {
      const name = "data" in feed ? undefined : taken.get(feed);
      if (name === undefined || name === other) continue;
      throw new RangeError(
        `run: feed ${name} is consumed, so its tensor must not be fed to another input, got it also for ${other}`,
      );
    }
    return await run();
  } finally {
    for (const feed of taken.keys()) feed.dispose();
  }
}

/** Checks an array for an upload. @returns Its entries. */
export function checkUpload({ data, shape }: Feed): Float32Array {
  if (!(data instanceof Float32Array)) {
    throw new TypeError(`upload: feed must be a Float32Array, got a ${data.constructor.name}`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    throw new RangeError(
      `upload: feed must hold ${count} entries for shape [${shape.join(", ")}], got ${data.length}`,
    );
  }
  return data;
}

/** Checks frozen arrays, and file locations, against their inputs. */
export function checkFrozen(where: string, program: Program, frozen: FrozenFeeds): void {
  for (const [name, feed] of Object.entries(frozen)) {
    const tensor = program.inputs[name];
    if (!tensor) {
      const known = Object.keys(program.inputs).join(", ");
      throw new RangeError(`${where}: frozen must name inputs (${known}), got ${name}`);
    }
    checkFeed(where, name, tensor, feed);
    if ("file" in feed) {
      checkInteger(`${where}: frozen ${name}`, { offset: feed.offset }, { min: 0 });
    } else if (feed.data instanceof Float64Array) {
      throw new TypeError(`${where}: frozen ${name} must be a Float32Array, got a Float64Array`);
    }
  }
}

/** Checks that frozen inputs are not also fed. */
export function refuseFrozen(
  where: string,
  feeds: RunFeeds,
  frozen: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(feeds)) {
    if (!Object.hasOwn(frozen, name)) continue;
    throw new RangeError(`${where}: feed ${name} must not be given, because the input is frozen`);
  }
}

/** {@link Executor} that runs the float64 interpreter, for tests of code that uses executors. */
export function createReferenceExecutor(): Executor {
  const owner: StorageOwner<Float32Array> = {
    name: "the reference executor",
    read: async (data) => data.slice(),
    drop: () => {},
  };
  return {
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      options: CompileOptions<Resident> = {},
    ): Promise<Executable<Name, Resident>> => {
      checkOutputs("compile", program, options);
      const { resident = [], consumed = [] } = options;
      checkFrozen("compile", program, options.frozen ?? {});
      const frozen = await readFrozen("compile", options.frozen ?? {});
      const stays = new Set<string>(resident);
      return {
        run: (feeds) =>
          runConsuming(consumed, feeds, async () => {
            refuseFrozen("run", feeds, frozen);
            const given = mapRecord(feeds, (feed, name): Feed => {
              if ("data" in feed) return feed;
              const held = OwnedTensor.of("run", name, feed, owner);
              return { data: held.storage("run"), shape: held.shape };
            });
            const results = interpret(program, { ...given, ...frozen });
            // Sound because the names determine which outputs are resident.
            return mapRecord(results, ({ shape, data }, name): Output | ResidentTensor => {
              const entries = Float32Array.from(data);
              if (!stays.has(name)) return { shape, data: entries };
              return new OwnedTensor(owner, shape, entries);
            }) as Outputs<Name, Resident>;
          }),
        release: async () => {},
      };
    },
    upload: async (feed) => new OwnedTensor(owner, feed.shape, checkUpload(feed).slice()),
  };
}
