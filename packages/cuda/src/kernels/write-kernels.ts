import type { DeviceKind, DeviceProgram, KernelKind } from "../program/device-program.ts";
import type { FusedProgram, FusionGroup } from "../fusion/fuse-operations.ts";
import { openKernel } from "./kernel-parts.ts";
import type { KernelStep } from "../source/kernel-step.ts";
import { writeMap } from "./map-kernel.ts";
import { writeReduce } from "./reduce-kernels.ts";
import { writeRmsNorm, writeSoftmax, writeStatistics } from "./row-kernels.ts";
import { writeReplaceRows, writeScatterAdd, writeScatterAlong } from "./scatter-kernels.ts";

/**
 * Writes the kernels of a group.
 * @param shared - Values whose memory results may reuse.
 */
export function writeKernels(
  program: DeviceProgram,
  fused: FusedProgram,
  group: FusionGroup,
  shared: ReadonlySet<number>,
): KernelStep {
  const parts = openKernel(program, fused, group, shared);
  const { anchor } = group;
  if (!anchor) return writeMap(parts);
  switch (anchor.kind) {
    case "rmsNorm":
      return writeRmsNorm(parts, anchor);
    case "softmax":
      return writeSoftmax(parts, anchor);
    case "softmaxStatistics":
      return writeStatistics(parts, anchor.inputs[0]!, anchor.outputs);
    case "reduceSum":
    case "reduceMean":
    case "reduceMax":
      return writeReduce(parts, anchor);
    case "scatterAdd":
      return writeScatterAdd(parts, anchor);
    case "scatterAddAlong":
      return writeScatterAlong(parts, anchor);
    case "replaceRows": {
      const [, updates, ids] = anchor.inputs;
      const result = anchor.outputs[0]!;
      const values = { updates: updates!, ids: ids!, result };
      return writeReplaceRows(parts, values, { clears: false, adds: false });
    }
    default:
      return refuse(anchor.kind);
  }
}

/** Compile-time check that every operation has a kernel. */
function refuse(kind: Exclude<DeviceKind, KernelKind>): never {
  throw new Error(`compile: operation ${kind} has no kernel`);
}
