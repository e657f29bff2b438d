import { describeWeights } from "../checkpoint.ts";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable, sizeOf } from "../parameters.ts";

/**
 * How frozen weights are held: widened to float32 in memory; as they are stored, in their file, where
 * programs widen what they need; or whichever suits the folder and the machine.
 */
export type WeightStorage = "auto" | "float32" | "stored";

/** Of the memory that is available, how much float32 weights may take before they stay in the file. */
const largestShare = 1 / 2;

/**
 * Chooses how the frozen weights of a model are held. `"auto"` leaves them in their file where the folder
 * has numbers of 16 bits, and float32 would take more than half of the memory that is available.
 *
 * @param directory - The folder; none for weights that are in no file.
 * @throws `RangeError` if what is in no file is to stay there.
 */
export async function chooseWeightStorage(
  where: string,
  wanted: WeightStorage,
  config: ModelConfig,
  directory: string | undefined,
  availableBytes: number = process.availableMemory(),
): Promise<"float32" | "stored"> {
  if (!["auto", "float32", "stored"].includes(wanted)) {
    throw new RangeError(`${where}: weightStorage must be auto, float32 or stored, got ${wanted}`);
  }
  if (directory === undefined) {
    if (wanted === "stored") {
      throw new RangeError(`${where}: weightStorage must not be stored without a folder, got it`);
    }
    return "float32";
  }
  if (wanted !== "auto") return wanted;
  const { type } = await describeWeights(directory);
  if (type === "F32") return "float32";
  const numParameters = parameterTable(config).reduce((n, { shape }) => n + sizeOf(shape), 0);
  return 4 * numParameters > largestShare * availableBytes ? "stored" : "float32";
}
