import type { DeviceOperation } from "./device-program.ts";

/** Returns the number of a constant whose entries are all equal; `undefined` if they differ. */
export function findRepeatedConstant(operation: DeviceOperation): number | undefined {
  if (operation.kind !== "constant") return undefined;
  const { values } = operation.attributes;
  const first = values[0];
  if (first === undefined) return 0;
  for (const value of values) if (!Object.is(value, first)) return undefined;
  return first;
}
