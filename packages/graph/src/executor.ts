import { interpret } from "./interpret.ts";
import { mapRecord } from "./map-record.ts";
import type { Feeds, Program } from "./program.ts";

/** An output of an executed program. */
export interface Output {
  readonly shape: readonly number[];
  /** Row-major entries. A new array for every run. */
  readonly data: Float32Array;
}

/** A program that is ready to run any number of times, with any sizes. */
export interface Executable<Name extends string = string> {
  /**
   * Runs the program.
   * @throws `RangeError` or `TypeError` for feeds that do not fit: the message names the feed, what is
   *   expected and what is given.
   */
  run(feeds: Feeds): Promise<Record<Name, Output>>;
  /** Gives back what it holds. A run after that is an error. */
  release(): Promise<void>;
}

/** Prepares programs for one kind of machinery. */
export interface Executor {
  /** @throws `TypeError` if an output is not float32: cast it. */
  compile<Name extends string>(program: Program<Name>): Promise<Executable<Name>>;
}

/** Requires float32 outputs: executors return nothing else. */
export function checkOutputs(where: string, program: Program): void {
  for (const [name, { dtype }] of Object.entries(program.outputs)) {
    if (dtype !== "float32") {
      throw new TypeError(`${where}: output ${name} must be float32, got ${dtype}`);
    }
  }
}

/** An {@link Executor} by the float64 interpreter, for tests of what is built on executors. */
export function createReferenceExecutor(): Executor {
  return {
    compile: async (program) => {
      checkOutputs("compile", program);
      return {
        run: async (feeds) =>
          mapRecord(interpret(program, feeds), ({ shape, data }) => ({
            shape,
            data: Float32Array.from(data),
          })),
        release: async () => {},
      };
    },
  };
}
