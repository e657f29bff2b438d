import { parseDevice, type DeviceOptions, type NamedDevice } from "@turnwise/policy/local";
import { InputError } from "../input-error.ts";

/** Checks a device. @throws {@link InputError} naming the unsupported option. */
export function checkDevice(device: NamedDevice, source: string): DeviceOptions {
  try {
    return parseDevice(device, source);
  } catch (cause) {
    if (cause instanceof RangeError) throw new InputError(cause.message, { cause });
    throw cause;
  }
}
