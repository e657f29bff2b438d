import type { DeviceOptions, NamedDevice } from "@turnwise/policy/local";
import { diagnoseCuda, diagnoseProvider } from "@turnwise/policy/doctor";
import { checkDevice, InputError } from "@turnwise/training";
import { Option, type Command } from "commander";
import { wholeNumber } from "./commands/arguments.ts";

/** Options of commands that choose where to compute. */
export interface DeviceFlags {
  readonly provider?: string;
  readonly precision?: string;
  readonly gpu?: number;
}

/** Adds {@link DeviceFlags} to a command. */
export function withDevice(command: Command): Command {
  return command
    .option("--provider <name>", "where to compute: cpu, webgpu, cuda or onnx-cuda (default: cpu)")
    .option(
      "--precision <type>",
      "of matrix products: float32; on cuda tensorfloat32, bfloat16; else float16 (default: float32)",
    )
    .addOption(new Option("--gpu <number>", "which GPU (default: 0)").argParser(wholeNumber));
}

/** The device that a command's options name. @throws `InputError` for unknown names. */
export const deviceOf = (
  { provider, precision, gpu }: DeviceFlags,
  command: string,
): DeviceOptions => checkDevice({ provider, products: precision, deviceId: gpu }, command);

/**
 * Checks that a device works on this machine, by a small matrix product in a separate process.
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
    `${source} must be usable on this machine, got ${provider}: ${needs.length > 0 ? `needs ${lacks}` : detail}; see turnwise doctor`,
  );
}
