import type { FrozenFeeds } from "../file-feed.ts";
import type { Program } from "../program.ts";
import { withHalfProducts } from "./half-rules.ts";
import { Lowering, type SizeInput } from "./lowering.ts";
import { OnnxModel } from "./model.ts";
import type { BlockSizes } from "./stored-weight.ts";
import { scatterIntoSums } from "./scatter-into-sums.ts";
import { providers, type ProductType, type Provider } from "./providers.ts";
import { lowerStored } from "./stored-rules.ts";

/** A program as ONNX bytes, with the names of what goes in and out. */
export interface LoweredModel {
  readonly bytes: Uint8Array;
  /** The name in the model of each output of the program. */
  readonly outputNames: Readonly<Record<string, string>>;
  /** Inputs of the model beyond those of the program: values of sizes. */
  readonly sizeInputs: readonly SizeInput[];
}

/** Options of {@link lowerToOnnx}. */
export interface LoweringOptions {
  /** Whose operators the model is made of. Default `"cpu"`. */
  readonly provider?: Provider;
  /** What matrix products are computed in. Default `"float32"`. */
  readonly products?: ProductType;
  /**
   * Inputs that are constants: the model names a file `frozen/<input>` for each array; or, if some are
   * in files, their paths without the root, and holds the arrays itself. Default none.
   */
  readonly frozen?: FrozenFeeds;
  /** How weights are cut that stay in a file. */
  readonly blocks?: BlockSizes;
  /** Outputs that must not share a value with others. Default none. */
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
  const used = products === "float16" ? withHalfProducts(rules) : rules;
  const lowered = provider === "cpu" ? scatterIntoSums(program) : program;
  const lowering = new Lowering(model, lowered, used, sizes, lowerStored);
  const outputNames = lowering.run(frozen, new Set(resident), blocks);
  return { bytes: model.bytes(), outputNames, sizeInputs: lowering.sizeInputs };
}
