import type { ConfigReader } from "../shape/config-reader.ts";
import type { CommonFields } from "./family.ts";

/**
 * Handles `layer_types`, which takes precedence over all other fields: throws if a layer has a
 * sliding window.
 * @returns False if the field is absent.
 */
function readsLayerTypes({ json, fail }: ConfigReader, numLayers: number): boolean {
  const layerTypes = json["layer_types"] ?? undefined;
  if (layerTypes === undefined) return false;
  if (!Array.isArray(layerTypes) || layerTypes.length !== numLayers) {
    return fail("layer_types", `have one entry for each of ${numLayers} layers`);
  }
  if (layerTypes.some((type) => type !== "full_attention")) {
    fail("layer_types", 'be "full_attention" in every layer');
  }
  return true;
}

/**
 * Throws for a sliding window shorter than the maximum sequence, for families in which
 * `sliding_window` applies to all layers.
 */
export function refuseWindow(reader: ConfigReader, common: CommonFields): void {
  if (readsLayerTypes(reader, common.numLayers)) return;
  const window = reader.json["sliding_window"] ?? undefined;
  if (window === undefined) return;
  if (typeof window === "number" && window >= common.maxSequenceTokens) return;
  reader.fail("sliding_window", "be absent or null");
}

/**
 * Throws for a sliding window shorter than the maximum sequence, for families in which
 * `use_sliding_window` enables it from layer `max_window_layers` onward.
 */
export function refuseSwitchedWindow(reader: ConfigReader, common: CommonFields): void {
  const { json, fail } = reader;
  if (readsLayerTypes(reader, common.numLayers)) return;
  if (json["use_sliding_window"] !== true) return;
  const window = json["sliding_window"] ?? 4096;
  if (typeof window === "number" && window >= common.maxSequenceTokens) return;
  const firstLayer = json["max_window_layers"] ?? 28;
  if (typeof firstLayer === "number" && firstLayer >= common.numLayers) return;
  fail("use_sliding_window", "be false or absent");
}
