import { availableMemory } from "./available-memory.ts";
import { describeWeights } from "../checkpoints/checkpoint.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { countEntries } from "../model/parameter-layout.ts";
import { parameterTable } from "../model/parameter-table.ts";

/**
 * How frozen weights are held: widened to float32 in memory; as they are stored, in their file, where
 * programs widen what they need; or whichever suits the folder and the machine.
 */
export type WeightStorage = "auto" | "float32" | "stored";

/** Of the memory that is available, how much float32 weights may take before they stay in the file. */
const largestShare = 1 / 2;

/** What {@link chooseWeightStorage} goes by. */
export interface StorageChoice {
  /** The folder; none for weights that are in no file, or that are trained. */
  readonly directory: string | undefined;
  /** Number of the model's parameters. Default counted from its config. */
  readonly numParameters?: number;
  /** How often float32 weights would be in memory. Default 1. */
  readonly numCopies?: number;
  /** Memory that can be used. Default {@link availableMemory}. */
  readonly availableBytes?: number;
}

/**
 * Chooses how the weights of a model are held. `"auto"` leaves them in their file where the folder has
 * numbers of 16 bits, and float32 would take more than half of the memory that is available.
 *
 * @throws `RangeError` for `"stored"` where there is no folder.
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
      `${where}: weightStorage must be float32 for weights that are fresh or trained, got stored`,
    );
  }
  if (wanted !== "auto") return wanted;
  const { type } = await describeWeights(directory);
  if (type === "F32") return "float32";
  const bytes = 4 * (numParameters ?? countEntries(parameterTable(config))) * numCopies;
  return bytes > largestShare * (availableBytes ?? (await availableMemory()))
    ? "stored"
    : "float32";
}
