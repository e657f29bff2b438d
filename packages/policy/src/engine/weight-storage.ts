import { readAvailableMemory } from "./available-memory.ts";
import { describeWeights } from "../checkpoints/checkpoint.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { countEntries } from "../model/parameter-layout.ts";
import { parameterTable } from "../model/parameter-table.ts";

/**
 * Storage of frozen weights: upcast to float32 in memory; memory-mapped and upcast on use; or
 * chosen automatically by folder and machine.
 */
export type WeightStorage = "auto" | "float32" | "stored";

/**
 * Maximum share of the available memory that float32 weights may take before `auto` memory-maps
 * them.
 */
const largestShare = 1 / 2;

/** Input of {@link chooseWeightStorage}. */
export interface StorageChoice {
  /** Folder of the model; `undefined` if weights are trained or randomly initialized. */
  readonly directory: string | undefined;
  /** Number of the model's parameters. Default: counted from its config. */
  readonly numParameters?: number;
  /** Number of float32 copies in memory. Default 1. */
  readonly numCopies?: number;
  /** Available memory in bytes. Default {@link readAvailableMemory}. */
  readonly availableBytes?: number;
}

/**
 * Chooses how the weights of a model are stored. `"auto"` memory-maps 16-bit folders whose float32
 * weights would take more than half of the available memory.
 *
 * @throws `RangeError` if `"stored"` is requested without a folder.
 */
export async function chooseWeightStorage(
  where: string,
  wanted: WeightStorage,
  config: ModelConfig,
  { directory, numParameters, numCopies = 1, availableBytes }: StorageChoice,
): Promise<"float32" | "stored"> {
  if (!["auto", "float32", "stored"].includes(wanted)) {
    throw new RangeError(`${where}: weightStorage must be auto, float32 or stored, got ${wanted}`);
  }
  if (directory === undefined) {
    if (wanted !== "stored") return "float32";
    throw new RangeError(
      `${where}: weightStorage must be float32 for weights that are randomly initialized or trained, got stored`,
    );
  }
  if (wanted !== "auto") return wanted;
  const { type } = await describeWeights(directory);
  if (type === "F32") return "float32";
  const bytes = 4 * (numParameters ?? countEntries(parameterTable(config))) * numCopies;
  return bytes > largestShare * (availableBytes ?? (await readAvailableMemory()))
    ? "stored"
    : "float32";
}
