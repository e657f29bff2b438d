import { deviceOptions, type DeviceOptions, type NamedDevice } from "@turnwise/policy/local";
import { Option, type Command } from "commander";
import { InputError } from "./input-error.ts";
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

/** Checks a device. @throws {@link InputError} naming what it does not have. */
export function checkedDevice(device: NamedDevice, source: string): DeviceOptions {
  try {
    return deviceOptions(device, source);
  } catch (cause) {
    if (cause instanceof RangeError) throw new InputError(cause.message, { cause });
    throw cause;
  }
}

/** The device that a command's options name. @throws {@link InputError} for unknown names. */
export const deviceOf = (
  { provider, precision, gpu }: DeviceFlags,
  command: string,
): DeviceOptions => checkedDevice({ provider, products: precision, deviceId: gpu }, command);
