import { checkInteger } from "@turnwise/core";
import type { Executor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";

/**
 * Where tensors are computed, and what matrix products are computed in there:
 *
 * - `cpu`: this machine's processor;
 * - `webgpu`: any GPU with a Vulkan driver, by ONNX Runtime;
 * - `cuda`: an NVIDIA GPU, by `@turnwise/cuda`;
 * - `onnx-cuda`: an NVIDIA GPU, by ONNX Runtime, which moves all weights there at each run.
 *
 * All but products is float32, the weights that are trained included. With products in `float16` the
 * loss is scaled up as far as its gradients can bear it.
 */
export type DeviceOptions =
  | { readonly provider?: "cpu" }
  | { readonly provider: "webgpu"; readonly products?: "float32" | "float16" }
  | {
      readonly provider: "cuda";
      readonly products?: "float32" | "tensorfloat32" | "bfloat16";
      /** Which GPU. Default 0. */
      readonly deviceId?: number;
    }
  | {
      readonly provider: "onnx-cuda";
      readonly products?: "float32" | "float16";
      /** Which GPU. Default 0. */
      readonly deviceId?: number;
    };

/** What the products of each provider can be computed in. */
const productsOf = {
  cpu: ["float32"],
  webgpu: ["float32", "float16"],
  cuda: ["float32", "tensorfloat32", "bfloat16"],
  "onnx-cuda": ["float32", "float16"],
} as const;

/** A device as a command line or a file names it. */
export interface NamedDevice {
  /** Default `cpu`. */
  readonly provider?: string | undefined;
  /** Default `float32`. */
  readonly products?: string | undefined;
  /** Default 0. */
  readonly deviceId?: number | undefined;
}

const isOneOf = <Text extends string>(list: readonly Text[], text: string): text is Text =>
  list.some((each) => each === text);

/**
 * Checks the names of a device.
 * @throws `RangeError` for an unknown provider, or what it does not have.
 */
export function deviceOptions(
  { provider = "cpu", products = "float32", deviceId = 0 }: NamedDevice,
  source = "device",
): DeviceOptions {
  const providers = ["cpu", "webgpu", "cuda", "onnx-cuda"] as const;
  if (!isOneOf(providers, provider)) {
    throw new RangeError(
      `${source}: provider must be one of ${providers.join(", ")}, got ${provider}`,
    );
  }
  checkInteger(source, { deviceId }, { min: 0 });
  if ((provider === "cpu" || provider === "webgpu") && deviceId !== 0) {
    throw new RangeError(`${source}: deviceId must be 0 on ${provider}, got ${deviceId}`);
  }
  if (provider === "cpu" && isOneOf(productsOf.cpu, products)) return { provider };
  if (provider === "webgpu" && isOneOf(productsOf.webgpu, products)) return { provider, products };
  if (provider === "cuda" && isOneOf(productsOf.cuda, products)) {
    return { provider, products, deviceId };
  }
  if (provider === "onnx-cuda" && isOneOf(productsOf["onnx-cuda"], products)) {
    return { provider, products, deviceId };
  }
  throw new RangeError(
    `${source}: products must be one of ${productsOf[provider].join(", ")} on ${provider}, got ${products}`,
  );
}

/**
 * The executor of a device.
 * @throws `RangeError` for options that it does not know. What is missing to use the device is an error
 *   when the first program is compiled.
 */
export async function createExecutor(device: DeviceOptions, threads: number): Promise<Executor> {
  deviceOptions(device);
  if (device.provider === "cuda") {
    // Only then: what it loads is of no use elsewhere.
    const { createCudaExecutor } = await import("@turnwise/cuda");
    const { provider: _, ...rest } = device;
    return createCudaExecutor(rest);
  }
  const { provider = "cpu", ...rest } = device;
  return createOnnxExecutor({
    ...rest,
    provider: provider === "onnx-cuda" ? "cuda" : provider,
    threads,
  });
}

/** Whether what is trained had better stay on the device. */
export function staysOnDevice({ provider = "cpu" }: DeviceOptions): boolean {
  return provider === "webgpu" || provider === "cuda";
}

/** Whether gradients would be lost in the products of a device. */
export function needsLossScale(device: DeviceOptions): boolean {
  return "products" in device && device.products === "float16";
}

/** How many tokens a microbatch of the learner holds, unless it is said. */
export function usualMicrobatchTokens({ provider = "cpu" }: DeviceOptions): number {
  // On a processor more would not fit into its caches; a GPU is only busy with many.
  return provider === "cpu" ? 1024 : 8192;
}

/**
 * How many logits the learner's programs hold at once, unless it is said: `maxLogits`. Parts are computed
 * once more for their gradient, which is spared where there is memory.
 */
export function usualMaxLogits({ provider = "cpu" }: DeviceOptions): number {
  return 2 ** (provider === "cuda" ? 30 : 26);
}
