import { checkInteger } from "@turnwise/core";
import { checkFeed } from "./bind-feeds.ts";
import { readFrozen, type FrozenFeeds } from "./file-feed.ts";
import { interpret } from "./interpret.ts";
import { mapRecord } from "./map-record.ts";
import type { Feed, Program } from "./program.ts";
import { HeldTensor, type Keeper, type ResidentTensor, type RunFeeds } from "./resident-tensor.ts";

/** An output of an executed program. */
export interface Output {
  readonly shape: readonly number[];
  /** Row-major entries. A new array for every run, but for those that the run was given as spare. */
  readonly data: Float32Array;
}

/**
 * What a run returns: arrays, and handles for the outputs that stay with the executor. Where names
 * are only known at run time, an output may be either: it is an array if it has `data`.
 */
export type Outputs<Name extends string, Resident extends Name> = string extends Resident
  ? Record<string, Output | ResidentTensor>
  : Record<Exclude<Name, Resident>, Output> & Record<Resident, ResidentTensor>;

/** Arrays that may be filled, by the names of outputs. */
export type SpareArrays = Readonly<Record<string, Float32Array>>;

/** A program that is ready to run any number of times, with any sizes. */
export interface Executable<Name extends string = string, Resident extends Name = never> {
  /**
   * Runs the program. Feeds are not changed, resident ones included: a step that trains returns new
   * weights, and the caller disposes of the old, unless they are `consumed`.
   * @param spare - Arrays that nobody needs any more, by the names of outputs: an executor may fill and
   *   return one in place of a new array, if it has as many entries.
   * @throws `RangeError` or `TypeError` for feeds that do not fit: the message names the feed, what is
   *   expected and what is given.
   */
  run(feeds: RunFeeds, spare?: SpareArrays): Promise<Outputs<Name, Resident>>;
  /** Gives back what it holds; resident outputs of its runs stay valid. A run after that is an error. */
  release(): Promise<void>;
}

/** Options of {@link Executor.compile}. */
export interface CompileOptions<Resident extends string = never> {
  /** Outputs that stay with the executor, and are returned as handles. Default none. */
  readonly resident?: readonly Resident[];
  /**
   * Inputs whose resident tensors a run takes over: it disposes of them, whether it succeeds or
   * fails, and may compute in their memory, as a cache that is written to wants it. Such a tensor is
   * fed once in a run, and nothing else uses it meanwhile. Arrays are fed as ever. Default none.
   */
  readonly consumed?: readonly string[];
  /**
   * Inputs whose values never change: they are no longer fed, and an executor may lay them out for
   * its kernels once. The arrays must not be changed afterwards. Of a {@link FileFeed} an executor may
   * keep nothing in memory but what it works on; others read it into an array. Default none.
   */
  readonly frozen?: FrozenFeeds;
  /**
   * Whether the executor may hold on to the frozen arrays beside what it makes of them. Without them
   * large weights need not be in memory twice, and no size of a run may be 0. Default true.
   */
  readonly keepsFrozen?: boolean;
  /**
   * Whether memory for what is computed on the way may be kept from run to run; otherwise it is given
   * back after each, as it should be with many programs that run by turns. Default true.
   */
  readonly keepsMemory?: boolean;
}

/** Prepares programs for one kind of machinery. */
export interface Executor {
  /**
   * @throws `TypeError` if an output is not float32: cast it. `RangeError` if an option names no
   *   output or input, or a frozen array does not fit.
   */
  compile<Name extends string, Resident extends Name = never>(
    program: Program<Name>,
    options?: CompileOptions<Resident>,
  ): Promise<Executable<Name, Resident>>;
  /**
   * Copies a float32 array to where this executor computes.
   * @throws `RangeError` or `TypeError` for entries that do not fill the shape, or are not float32.
   */
  upload(feed: Feed): Promise<ResidentTensor>;
}

/**
 * Requires float32 outputs, for executors return nothing else, residents that are outputs, and
 * consumed names that are inputs.
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
      throw new RangeError(
        `${where}: resident must name outputs (${known}), got an unknown name, ${name}`,
      );
    }
  }
  for (const name of consumed) {
    if (Object.hasOwn(program.inputs, name) && !Object.hasOwn(frozen, name)) continue;
    const known = Object.keys(program.inputs).filter((input) => !Object.hasOwn(frozen, input));
    throw new RangeError(
      `${where}: consumed must name inputs that are fed (${known.join(", ")}), got ${name}`,
    );
  }
}

/**
 * Runs something that takes over the resident tensors which are fed to some inputs.
 * @throws `RangeError` for such a tensor that is fed to another input as well.
 */
export async function consuming<Result>(
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
        `run: feed ${name} must be fed once, for it is consumed, got it as ${other} as well`,
      );
    }
    return await run();
  } finally {
    for (const feed of taken.keys()) feed.dispose();
  }
}

/** Requires an array that can be uploaded. @returns Its entries. */
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

/** Requires frozen arrays, and places in files, that fit the inputs that they are for. */
export function checkFrozen(where: string, program: Program, frozen: FrozenFeeds): void {
  for (const [name, feed] of Object.entries(frozen)) {
    const tensor = program.inputs[name];
    if (!tensor) {
      const known = Object.keys(program.inputs).join(", ");
      throw new RangeError(
        `${where}: frozen must name inputs (${known}), got an unknown name, ${name}`,
      );
    }
    checkFeed(where, name, tensor, feed);
    if ("file" in feed) {
      checkInteger(`${where}: frozen ${name}`, { offset: feed.offset }, { min: 0 });
    } else if (feed.data instanceof Float64Array) {
      throw new TypeError(`${where}: frozen ${name} must be a Float32Array, got a Float64Array`);
    }
  }
}

/** Requires that what is frozen is not fed as well. */
export function refuseFrozen(
  where: string,
  feeds: RunFeeds,
  frozen: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(feeds)) {
    if (!Object.hasOwn(frozen, name)) continue;
    throw new RangeError(`${where}: feed ${name} must not be given for a frozen input, got one`);
  }
}

/** An {@link Executor} by the float64 interpreter, for tests of what is built on executors. */
export function createReferenceExecutor(): Executor {
  const keeper: Keeper<Float32Array> = {
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
          consuming(consumed, feeds, async () => {
            refuseFrozen("run", feeds, frozen);
            const given = mapRecord(feeds, (feed, name): Feed => {
              if ("data" in feed) return feed;
              const held = HeldTensor.of("run", name, feed, keeper);
              return { data: held.storage("run"), shape: held.shape };
            });
            const results = interpret(program, { ...given, ...frozen });
            // The names tell which is which.
            return mapRecord(results, ({ shape, data }, name): Output | ResidentTensor => {
              const entries = Float32Array.from(data);
              if (!stays.has(name)) return { shape, data: entries };
              return new HeldTensor(keeper, shape, entries);
            }) as Outputs<Name, Resident>;
          }),
        release: async () => {},
      };
    },
    upload: async (feed) => new HeldTensor(keeper, feed.shape, checkUpload(feed).slice()),
  };
}
