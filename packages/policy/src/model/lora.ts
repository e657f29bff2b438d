import { checkInteger, checkPositive } from "@turnwise/core";
import type { ModelConfig } from "./model-config.ts";
import { drawParameters, type Parameters, type ParameterSpec } from "./shape/parameters.ts";
import { parameterTable } from "./parameter-table.ts";

/**
 * Low-rank adapter (LoRA): a targeted linear layer with weights `W` computes `W x + scale * B A x`,
 * with `A` `[rank, input]` and `B` `[output, rank]`; only these are trained.
 *
 * @see arXiv:2106.09685
 */
export interface AdapterConfig {
  readonly rank: number;
  /**
   * Numerator of the scale, which is `alpha / rank`, or `alpha / sqrt(rank)` with
   * `scaling: "root-rank"`.
   */
  readonly alpha: number;
  readonly scaling: "rank" | "root-rank";
  /**
   * Names of the linear layers to adapt, such as `q_proj`: a layer matches if its full name equals
   * an entry, or ends in a dot and an entry. The output head cannot be adapted.
   */
  readonly targetModules: readonly string[];
  /**
   * Names of layers that are trained in full, as copies, such as `norm` or `lm_head`; matched by the
   * same rule.
   */
  readonly modulesToSave: readonly string[];
}

/** Options of a new adapter. */
export interface AdapterOptions {
  /** Rank of the adapter. Default 16. */
  readonly rank?: number;
  /** Numerator of the scale. Default twice the rank. */
  readonly alpha?: number;
  /** Denominator of the scale: `rank`, or its square root. Default `rank`. */
  readonly scaling?: "rank" | "root-rank";
  /** Layers to adapt. Default: all linear layers of attention and of the gated unit. */
  readonly targetModules?: readonly string[];
  /** Layers to train in full, as copies. Default none. */
  readonly modulesToSave?: readonly string[];
}

/** Adapter with values for all entries of {@link adapterTable}. */
export interface Adapter {
  readonly config: AdapterConfig;
  readonly parameters: Parameters;
}

/** Names of all linear layers of attention and of the gated unit. */
export const allLinearModules: readonly string[] = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];

/** Factor of `B A x` in a layer's output. */
export function adapterScale({ rank, alpha, scaling }: AdapterConfig): number {
  return alpha / (scaling === "rank" ? rank : Math.sqrt(rank));
}

/** True if a layer's full name equals one of these names, or ends in a dot and one of them. */
export const hasModuleName = (module: string, names: readonly string[]): boolean =>
  names.some((name) => module === name || module.endsWith(`.${name}`));

/** Names of the two matrices that adapt a linear layer. */
export const loraNames = (module: string): { readonly a: string; readonly b: string } => ({
  a: `${module}.lora_A.weight`,
  b: `${module}.lora_B.weight`,
});

/** Linear layer to which an adapter is applied. */
export interface AdaptedModule {
  /** Layer name without `.weight`. */
  readonly module: string;
  readonly outputs: number;
  readonly inputs: number;
}

const withoutWeight = (name: string): string => name.replace(/\.(weight|bias)$/, "");

/** Lists the linear layers that an adapter targets, in the model's order. */
export function adaptedModules(
  model: readonly ParameterSpec[],
  { targetModules }: Pick<AdapterConfig, "targetModules">,
): AdaptedModule[] {
  return model.flatMap(({ name, shape }) => {
    const module = withoutWeight(name);
    if (!name.endsWith(".weight") || !isLinear(module)) return [];
    return hasModuleName(module, targetModules)
      ? [{ module, outputs: shape[0]!, inputs: shape[1]! }]
      : [];
  });
}

const isLinear = (module: string): boolean => hasModuleName(module, allLinearModules);

/** Lists the parameters of a model that an adapter trains in full, as copies. */
const savedParameters = (
  model: readonly ParameterSpec[],
  { modulesToSave }: Pick<AdapterConfig, "modulesToSave">,
): ParameterSpec[] => model.filter(({ name }) => hasModuleName(withoutWeight(name), modulesToSave));

/** Parameters of an adapter for a given model. */
export interface AdapterLayout {
  readonly config: AdapterConfig;
  /** Layers that the adapter targets. */
  readonly modules: readonly AdaptedModule[];
  /**
   * Parameters that the adapter trains in full; these copies replace the model's parameters of the
   * same names.
   */
  readonly saved: readonly ParameterSpec[];
  /**
   * All parameters of the adapter, in the order that values, gradients and optimizer state share:
   * for each targeted layer `<layer>.lora_A.weight` and `<layer>.lora_B.weight`, then the full
   * copies.
   */
  readonly parameters: readonly ParameterSpec[];
}

/** Computes the layout of an adapter. @param model - Parameters of its model. */
export function adapterLayout(
  model: readonly ParameterSpec[],
  config: AdapterConfig,
): AdapterLayout {
  const modules = adaptedModules(model, config);
  const saved = savedParameters(model, config);
  const pairs = modules.flatMap(({ module, outputs, inputs }): ParameterSpec[] => {
    const { a, b } = loraNames(module);
    return [
      { name: a, shape: [config.rank, inputs], initial: "uniform" },
      { name: b, shape: [outputs, config.rank], initial: "zeros" },
    ];
  });
  return { config, modules, saved, parameters: [...pairs, ...saved] };
}

/** Lists all parameters of an adapter, in the order of its layout. */
export function adapterTable(config: ModelConfig, adapter: AdapterConfig): ParameterSpec[] {
  return [...adapterLayout(parameterTable(config), adapter).parameters];
}

/**
 * Fills in defaults, and checks an adapter against its model.
 * @throws `RangeError` for a rank or alpha out of range, or a name that matches no layer.
 */
export function adapterConfig(
  config: ModelConfig,
  {
    rank = 16,
    alpha = 2 * rank,
    scaling = "rank",
    targetModules = allLinearModules,
    modulesToSave = [],
  }: AdapterOptions,
  source = "adapter",
): AdapterConfig {
  const model = parameterTable(config);
  checkInteger(source, { rank }, { min: 1 });
  checkPositive(source, { alpha });
  const adapter = { rank, alpha, scaling, targetModules, modulesToSave };
  if (targetModules.length + modulesToSave.length === 0) {
    throw new RangeError(`${source}: targetModules must name at least one layer, got none`);
  }
  for (const name of targetModules) {
    if (adaptedModules(model, { targetModules: [name] }).length > 0) continue;
    throw new RangeError(
      `${source}: targetModules must name linear layers of attention or the gated unit, got ${JSON.stringify(name)}`,
    );
  }
  for (const name of modulesToSave) {
    const saved = savedParameters(model, { modulesToSave: [name] });
    if (saved.length === 0) {
      throw new RangeError(
        `${source}: modulesToSave must name layers of the model, got ${JSON.stringify(name)}`,
      );
    }
    const both = saved.find((each) => hasModuleName(withoutWeight(each.name), targetModules));
    if (both) {
      throw new RangeError(
        `${source}: modulesToSave must not name a layer of targetModules, got ${JSON.stringify(name)}`,
      );
    }
    // Training a copy of the embedding or the head would untie them.
    if (config.tiedEmbeddings && saved.some((each) => each.name.includes("embed_tokens"))) {
      throw new RangeError(
        `${source}: modulesToSave must not name the embedding or the head if they are tied, got ${JSON.stringify(name)}`,
      );
    }
  }
  return adapter;
}

/**
 * Initializes an adapter that does not yet change the model: `A` is random, `B` is zero, and full
 * copies have the model's values.
 * @param parameters - Parameters of the model.
 * @param seed - Seed of the random values.
 */
export function initialAdapter(
  config: ModelConfig,
  parameters: Parameters,
  adapter: AdapterConfig,
  seed: number | string,
): Adapter {
  const layout = adapterLayout(parameterTable(config), adapter);
  return { config: adapter, parameters: drawAdapter(layout, config, parameters, seed) };
}

/** Draws the initial values of an adapter, see {@link initialAdapter}. */
export function drawAdapter(
  { parameters, saved }: AdapterLayout,
  config: ModelConfig,
  model: Parameters,
  seed: number | string,
): Parameters {
  const copies = new Map(saved.map(({ name }) => [name, model.get(name)!.slice()]));
  const pairs = parameters.filter(({ name }) => !copies.has(name));
  return new Map([...drawParameters(pairs, config, seed), ...copies]);
}

/**
 * Merges an adapter into the weights of its model: `W + scale * B A` for targeted layers, and the
 * adapter's full copies for the layers in `modulesToSave`. All other arrays are the model's own,
 * not copies.
 */
export function mergeAdapter(
  config: ModelConfig,
  parameters: Parameters,
  adapter: Adapter,
): Parameters {
  const layout = adapterLayout(parameterTable(config), adapter.config);
  const merge = adapterMerger(layout, adapter.parameters);
  const targets = new Set(layout.modules.map(({ module }) => module));
  return new Map(
    [...parameters].map(([name, values]) => {
      const isChanged = targets.has(withoutWeight(name));
      return [name, merge(name, isChanged ? values.slice() : values)];
    }),
  );
}

/**
 * Returns a function that merges an adapter into the parameters of its model, one by one and in
 * place, see {@link mergeAdapter}.
 */
export function adapterMerger(
  { config, modules }: AdapterLayout,
  parameters: Parameters,
): (name: string, values: Float32Array) => Float32Array {
  const scale = adapterScale(config);
  const targets = new Map(modules.map((each) => [`${each.module}.weight`, each]));
  return (name, values) => {
    const adapted = targets.get(name);
    if (!adapted) return parameters.get(name) ?? values;
    const { module, outputs, inputs } = adapted;
    const { a, b } = loraNames(module);
    addProduct(values, parameters.get(a)!, parameters.get(b)!, {
      outputs,
      inputs,
      rank: config.rank,
      scale,
    });
    return values;
  };
}

/** Adds `scale * B A` to a weight row by row, so that all arrays are read sequentially. */
function addProduct(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  {
    outputs,
    inputs,
    rank,
    scale,
  }: { outputs: number; inputs: number; rank: number; scale: number },
): void {
  const sum = new Float64Array(inputs);
  for (let output = 0; output < outputs; output++) {
    sum.fill(0);
    for (let i = 0; i < rank; i++) {
      const factor = scale * b[output * rank + i]!;
      const row = i * inputs;
      if (factor === 0) continue;
      for (let input = 0; input < inputs; input++) sum[input]! += factor * a[row + input]!;
    }
    const start = output * inputs;
    for (let input = 0; input < inputs; input++) weight[start + input]! += sum[input]!;
  }
}
