import type { DeviceKind, DeviceProgram, KernelKind } from "../program/device-program.ts";
import type { GroupedProgram, KernelGroup } from "../fusion/kernel-groups.ts";
import { openKernel } from "./kernel-parts.ts";
import type { KernelStep } from "../source/kernel-step.ts";
import { writeMap } from "./map-kernel.ts";
import { writeReduce } from "./reduce-kernels.ts";
import { writeRmsNorm, writeSoftmax, writeStatistics } from "./row-kernels.ts";
import { writePlacing, writeScatterAdd, writeScatterAlong } from "./scatter-kernels.ts";

/**
 * Writes the kernels of a group.
 * @param shared - Values whose memory results may reuse.
 */
export function writeKernels(
  program: DeviceProgram,
  grouped: GroupedProgram,
  group: KernelGroup,
  shared: ReadonlySet<number>,
): KernelStep {
  const parts = openKernel(program, grouped, group, shared);
  const { whole } = group;
  if (!whole) return writeMap(parts);
  switch (whole.kind) {
    case "rmsNorm":
      return writeRmsNorm(parts, whole);
    case "softmax":
      return writeSoftmax(parts, whole);
    case "softmaxStatistics":
      return writeStatistics(parts, whole.inputs[0]!, whole.outputs);
    case "reduceSum":
    case "reduceMean":
    case "reduceMax":
      return writeReduce(parts, whole);
    case "scatterAdd":
      return writeScatterAdd(parts, whole);
    case "scatterAddAlong":
      return writeScatterAlong(parts, whole);
    case "replaceRows": {
      const [, updates, ids] = whole.inputs;
      const result = whole.outputs[0]!;
      const values = { updates: updates!, ids: ids!, result };
      return writePlacing(parts, values, { clears: false, adds: false });
    }
    default:
      return refuse(whole.kind);
  }
}

/** The type checker reports here which operation lacks a kernel. */
function refuse(kind: Exclude<DeviceKind, KernelKind>): never {
  throw new Error(`compile: ${kind} must have a kernel`);
}
