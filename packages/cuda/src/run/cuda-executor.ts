import { checkInteger } from "@turnwise/core";
import {
  checkFiles,
  checkFrozen,
  checkOutputs,
  checkUpload,
  runConsuming,
  OwnedTensor,
  type CompileOptions,
  type Executable,
  type Executor,
  type Outputs,
  type Program,
} from "@turnwise/graph/executor";
import type { CudaDevice } from "../driver/cuda-device.ts";
import type { ProductType } from "../program/device-program.ts";
import { getDeviceContext, type DeviceContext } from "./device-context.ts";
import { DeviceExecutable } from "./device-executable.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";

/** Options of {@link createCudaExecutor}. */
export interface CudaOptions {
  /** GPU number, `>= 0`. Default 0. */
  readonly deviceId?: number;
  /** Device that the caller has opened; replaces `deviceId`. */
  readonly device?: CudaDevice;
  /**
   * Number type of the factors of matrix products: `"float32"`; `"tensorfloat32"` (three
   * significant digits); `"bfloat16"` (two to three digits), which keeps a bfloat16 copy of each
   * resident weight. Sums and results are always float32. Default `"float32"`.
   */
  readonly products?: ProductType;
  /**
   * Number of runs with the same sizes and tensors after which the next run is recorded as a CUDA
   * graph, which later runs repeat, `>= 0`; with `Infinity` no run is recorded. Default 2.
   */
  readonly recordAfter?: number;
}

const productTypes: readonly ProductType[] = ["float32", "tensorfloat32", "bfloat16"];

/** Opened devices by number, shared by executors. */
const opened = new Map<number, Promise<CudaDevice>>();

function openShared(deviceId: number): Promise<CudaDevice> {
  const known = opened.get(deviceId);
  if (known) return known;
  const opening = openCudaDevice({ deviceId });
  opened.set(deviceId, opening);
  // Retry after a failure: the missing library may have been installed.
  opening.catch(() => opened.delete(deviceId));
  return opening;
}

/**
 * `Executor` of `@turnwise/graph` on an NVIDIA GPU through CUDA: kernels are generated and compiled
 * for each program, and products run in cuBLAS. Resident tensors stay on the GPU, and executors of
 * one device share them. Requires NVIDIA's driver, NVRTC and cuBLAS, and the package koffi; see
 * `openCudaDevice`.
 *
 * Runs with equal inputs give bitwise equal outputs. Computed ids outside their table give
 * undefined results.
 *
 * @throws `RangeError` for an unknown product type, or an option that is not an integer. `compile`
 *   and
 *   `upload` throw an `Error` if a library or the GPU is missing.
 */
export function createCudaExecutor(options: CudaOptions = {}): Executor {
  const { deviceId = 0, device, products = "float32", recordAfter = 2 } = options;
  checkInteger("createCudaExecutor", { deviceId }, { min: 0 });
  if (!productTypes.includes(products)) {
    throw new RangeError(
      `createCudaExecutor: products must be one of ${productTypes.join(", ")}, got ${products}`,
    );
  }
  if (!(recordAfter >= 0)) {
    throw new RangeError(`createCudaExecutor: recordAfter must be >= 0, got ${recordAfter}`);
  }
  const open = async (): Promise<DeviceContext> =>
    getDeviceContext(device ?? (await openShared(deviceId)));
  return {
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      compileOptions: CompileOptions<Resident> = {},
    ): Promise<Executable<Name, Resident>> => {
      checkOutputs("compile", program, compileOptions);
      const { frozen = {}, consumed = [] } = compileOptions;
      checkFrozen("compile", program, frozen);
      await checkFiles("compile", frozen);
      const context = await open();
      let compiled: DeviceExecutable | undefined = await DeviceExecutable.create(
        context,
        program,
        products,
        compileOptions,
        { recordAfter },
      );
      return {
        run: (feeds) =>
          runConsuming(consumed, feeds, async () => {
            if (!compiled) {
              throw new Error(
                "run: executable must not be run after release(); compile the program again",
              );
            }
            // Sound because the names determine which outputs are resident.
            return (await compiled.run(feeds)) as Outputs<Name, Resident>;
          }),
        release: async () => {
          compiled?.release();
          compiled = undefined;
        },
      };
    },
    upload: async (feed) => {
      const data = checkUpload(feed);
      const context = await open();
      return new OwnedTensor(context, feed.shape, context.upload(data));
    },
  };
}
