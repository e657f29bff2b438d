import type { FrozenFeeds } from "../file-feed.ts";
import type { Program } from "../program.ts";
import { addHalfProducts } from "./half-rules.ts";
import { Lowering, type SizeInput } from "./lowering.ts";
import { OnnxModel } from "./model.ts";
import type { BlockSizes } from "./mapped-weight.ts";
import { scatterIntoSums } from "./scatter-into-sums.ts";
import { providers, type ProductType, type Provider } from "./providers.ts";
import { lowerMapped } from "./mapped-rules.ts";

/** Program as ONNX bytes, with the names of its inputs and outputs. */
export interface LoweredModel {
  readonly bytes: Uint8Array;
  /** Name of each output in the model. */
  readonly outputNames: Readonly<Record<string, string>>;
  /** Additional inputs of the model, which provide sizes. */
  readonly sizeInputs: readonly SizeInput[];
}

/** Options of {@link lowerToOnnx}. */
export interface LoweringOptions {
  /** Provider whose operators the model uses. Default `"cpu"`. */
  readonly provider?: Provider;
  /** Number type of matrix products. Default `"float32"`. */
  readonly products?: ProductType;
  /**
   * Inputs that become constants. If all are arrays, the model references a file `frozen/<input>`
   * for each. If some are in files, the model references those files by paths relative to their
   * root, and embeds the arrays. Default none.
   */
  readonly frozen?: FrozenFeeds;
  /** Block sizes of memory-mapped weights. */
  readonly blocks?: BlockSizes;
  /** Outputs that must not alias another value. Default none. */
  readonly resident?: readonly string[];
}

/** Lowers a program to a ModelProto of opset 21 and com.microsoft 1. */
export function lowerToOnnx(
  program: Program,
  {
    provider = "cpu",
    products = "float32",
    frozen = {},
    resident = [],
    blocks,
  }: LoweringOptions = {},
): LoweredModel {
  const { rules, sizes } = providers[provider];
  const model = new OnnxModel();
  const used = products === "float16" ? addHalfProducts(rules) : rules;
  const lowered = provider === "cpu" ? scatterIntoSums(program) : program;
  const lowering = new Lowering(model, lowered, used, sizes, lowerMapped);
  const outputNames = lowering.run(frozen, new Set(resident), blocks);
  return { bytes: model.bytes(), outputNames, sizeInputs: lowering.sizeInputs };
}
