import { checkInteger } from "@turnwise/core";
import type { Executor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";

/**
 * Device that computes tensors, and the number type of its matrix products:
 *
 * - `cpu`: the processor of this machine;
 * - `webgpu`: any GPU with a Vulkan driver, through ONNX Runtime;
 * - `cuda`: an NVIDIA GPU, through `@turnwise/cuda`;
 * - `onnx-cuda`: an NVIDIA GPU, through ONNX Runtime, which uploads all weights for every run.
 *
 * Everything except products is float32, including trained weights. With `float16` products the
 * loss is scaled up dynamically, as far as gradients do not overflow.
 */
export type DeviceOptions =
  | { readonly provider?: "cpu" }
  | { readonly provider: "webgpu"; readonly products?: "float32" | "float16" }
  | {
      readonly provider: "cuda";
      readonly products?: "float32" | "tensorfloat32" | "bfloat16";
      /** GPU number. Default 0. */
      readonly deviceId?: number;
    }
  | {
      readonly provider: "onnx-cuda";
      readonly products?: "float32" | "float16";
      /** GPU number. Default 0. */
      readonly deviceId?: number;
    };

/** Product types that each provider supports. */
const productsOf = {
  cpu: ["float32"],
  webgpu: ["float32", "float16"],
  cuda: ["float32", "tensorfloat32", "bfloat16"],
  "onnx-cuda": ["float32", "float16"],
} as const;

/** Names of a device from the command line or a file. */
export interface NamedDevice {
  /** Name of the provider. Default `cpu`. */
  readonly provider?: string | undefined;
  /** Number type of matrix products. Default `float32`. */
  readonly products?: string | undefined;
  /** GPU number. Default 0. */
  readonly deviceId?: number | undefined;
}

const isOneOf = <Text extends string>(list: readonly Text[], text: string): text is Text =>
  list.some((each) => each === text);

/**
 * Parses the names of a device.
 * @throws `RangeError` for an unknown provider, or a setting that it does not support.
 */
export function parseDevice(
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
 * Creates the executor of a device.
 * @throws `RangeError` for unknown options. Missing drivers or libraries are reported when the
 *   first program is compiled.
 */
export async function createExecutor(device: DeviceOptions, threads: number): Promise<Executor> {
  parseDevice(device);
  if (device.provider === "cuda") {
    // Import @turnwise/cuda on demand, because only this device needs it.
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

/** True if trained weights should be resident on the device. */
export function staysOnDevice({ provider = "cpu" }: DeviceOptions): boolean {
  return provider === "webgpu" || provider === "cuda";
}

/** True if gradients would underflow in the device's product type. */
export function needsLossScale(device: DeviceOptions): boolean {
  return "products" in device && device.products === "float16";
}

/** Default number of tokens in a microbatch of the learner. */
export function chooseMicrobatchTokens({ provider = "cpu" }: DeviceOptions): number {
  // On a CPU, larger microbatches overflow the caches; a GPU needs large ones to be busy.
  return provider === "cpu" ? 1024 : 8192;
}

/**
 * Default of `maxLogits`, the number of logits that the learner's programs hold at once. Chunks of
 * logits are recomputed for the gradient, so the limit is as large as memory allows.
 */
export function defaultMaxLogits({ provider = "cpu" }: DeviceOptions): number {
  return 2 ** (provider === "cuda" ? 30 : 26);
}
