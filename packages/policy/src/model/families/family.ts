import type { Tensor } from "@turnwise/graph";
import type { JsonObject } from "../../files/json-file.ts";
import type { ConfigReader } from "../shape/config-reader.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import type { ParameterSpec } from "../shape/parameters.ts";
import type { LayerHeads, TracedParameters } from "../shape/traced-parameters.ts";

/** Parameters of a family, and its layers except for attention. */
export interface FamilyLayers {
  /**
   * Lists all parameters of a model, in the order shared by weights, gradients and optimizer state:
   * embedding, layers, final norm, and the head if it is not tied to the embedding.
   */
  readonly parameters: (config: ModelShape) => ParameterSpec[];
  /** Computes queries, keys and values of a layer, at positions int32 `[batch, time]`. */
  readonly layerHeads: (
    model: TracedParameters,
    layer: number,
    x: Tensor,
    positions: Tensor,
  ) => LayerHeads;
  /**
   * Computes the rest of a layer, after attention.
   * @param x - The residual stream, `[..., hiddenSize]`.
   * @param attended - Output of attention, `[..., numHeads * headSize]`.
   * @returns The residual stream for the next layer.
   */
  readonly layerRest: (
    model: TracedParameters,
    layer: number,
    x: Tensor,
    attended: Tensor,
  ) => Tensor;
  /** Normalizes the residual stream before the head. */
  readonly finalNorm: (model: TracedParameters, x: Tensor) => Tensor;
}

/** Fields of a model's shape that each family reads from different fields of `config.json`. */
export type FamilyFields = Pick<ModelShape, "headSize" | "attentionBiases" | "mlpBiases">;

/** Fields of a model's shape that are read before the fields of the family. */
export type CommonFields = Pick<
  ModelShape,
  "hiddenSize" | "numHeads" | "numLayers" | "maxSequenceTokens"
>;

/** A model family: its fields of `config.json`, its parameters and its layers. */
export interface Family extends FamilyLayers {
  /** Class in `architectures` of `config.json`. */
  readonly architecture: string;
  /**
   * Fields of `config.json` that `readConfig` reads; every other field must be one that all
   * families know.
   */
  readonly configFields: readonly string[];
  /** Allowed values of `attentionBiases`. */
  readonly attentionBiases: readonly ModelShape["attentionBiases"][];
  /** Allowed values of `mlpBiases`. */
  readonly mlpBiases: readonly boolean[];
  /** Reads the fields of the family. @throws `RangeError` for unsupported variants. */
  readonly readConfig: (reader: ConfigReader, common: CommonFields) => FamilyFields;
  /** Writes the fields of the family, in the form that `readConfig` reads. */
  readonly writeConfig: (config: ModelShape) => JsonObject;
}
