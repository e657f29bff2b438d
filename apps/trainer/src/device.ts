import type { DeviceOptions, NamedDevice } from "@turnwise/policy/local";
import { diagnoseCuda, diagnoseProvider } from "@turnwise/policy/doctor";
import { checkDevice, InputError } from "@turnwise/training";
import { Option, type Command } from "commander";
import { parseWholeNumber } from "./commands/arguments.ts";

/** Options of commands that choose a device. */
export interface DeviceFlags {
  readonly provider?: string;
  readonly precision?: string;
  readonly gpu?: number;
}

/** Adds {@link DeviceFlags} to a command. */
export function addDeviceOptions(command: Command): Command {
  return command
    .option(
      "--provider <name>",
      "device to compute on: cpu, webgpu, cuda or onnx-cuda (default: cpu)",
    )
    .option(
      "--precision <type>",
      "data type of matrix products: float32; also tensorfloat32 or bfloat16 on cuda, float16 on other GPUs (default: float32)",
    )
    .addOption(
      new Option("--gpu <number>", "index of the GPU (default: 0)").argParser(parseWholeNumber),
    );
}

/** Reads the device from the options of a command. @throws `InputError` for unknown names. */
export const readDevice = (
  { provider, precision, gpu }: DeviceFlags,
  command: string,
): DeviceOptions => checkDevice({ provider, products: precision, deviceId: gpu }, command);

/**
 * Checks that a device works on this machine: runs a small matrix product in a separate process.
 * @throws `InputError` naming what is missing and how to get it.
 */
export async function checkDeviceWorks(device: NamedDevice, source: string): Promise<void> {
  const { provider = "cpu", deviceId = 0 } = device;
  if (provider === "cpu") return;
  const { isUsable, detail, needs } = await (provider === "cuda"
    ? diagnoseCuda(deviceId)
    : diagnoseProvider(provider === "onnx-cuda" ? "cuda" : "webgpu"));
  if (isUsable) return;
  const lacks = needs.map(({ what, remedy }) => `${what} (${remedy})`).join(", ");
  throw new InputError(
    `${source}: ${provider} does not work on this machine: ${needs.length > 0 ? `needs ${lacks}` : detail}; see turnwise doctor`,
  );
}
