import type {
  CompileOptions,
  Executable,
  Executor,
  Program,
  ResidentTensor,
} from "@turnwise/graph";

/** Executor that counts its live resident tensors. */
export interface CountingExecutor extends Executor {
  readonly numLive: number;
  /** Number of entries in all transferred arrays: uploads, inputs and outputs. */
  readonly numMoved: number;
}

/** Wraps an executor, to count its resident tensors. */
export function countingExecutor(executor: Executor): CountingExecutor {
  const live = new Set<ResidentTensor>();
  let numMoved = 0;
  const watch = (tensor: ResidentTensor): ResidentTensor => {
    live.add(tensor);
    const dispose = tensor.dispose.bind(tensor);
    // Patch the tensor object itself, because executors recognize only their own objects.
    return Object.assign(tensor, {
      dispose: () => {
        live.delete(tensor);
        dispose();
      },
    });
  };
  return {
    get numLive() {
      return live.size;
    },
    get numMoved() {
      return numMoved;
    },
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      options?: CompileOptions<Resident>,
    ): Promise<Executable<Name, Resident>> => {
      const executable = await executor.compile(program, options);
      return {
        run: async (feeds) => {
          for (const feed of Object.values(feeds)) if ("data" in feed) numMoved += feed.data.length;
          const outputs = await executable.run(feeds);
          for (const output of Object.values<{ data: Float32Array } | ResidentTensor>(outputs)) {
            if ("data" in output) numMoved += output.data.length;
            else watch(output);
          }
          return outputs;
        },
        release: () => executable.release(),
      };
    },
    upload: async (feed) => {
      numMoved += feed.data.length;
      return watch(await executor.upload(feed));
    },
  };
}
