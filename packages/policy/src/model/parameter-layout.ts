import { adapterLayout, type AdapterConfig, type AdapterLayout } from "./lora.ts";
import type { ModelConfig } from "./model-config.ts";
import { parameterTable } from "./parameter-table.ts";
import { countElements, type ParameterSpec } from "./shape/parameters.ts";
import { valueHeadTable } from "./value-head.ts";

/**
 * Names, shapes and order of all parameters of an engine. Built once from the config; plain data
 * that can be sent to a worker.
 */
export interface ParameterLayout {
  readonly config: ModelConfig;
  /** Parameters of the model. */
  readonly model: readonly ParameterSpec[];
  /** Parameters of the adapter; `undefined` if there is none. */
  readonly adapter: AdapterLayout | undefined;
  /** Parameters of the value head; empty if there is none. */
  readonly valueHead: readonly ParameterSpec[];
  /**
   * Parameters that training updates: the adapter's parameters if there is an adapter, otherwise
   * the model's; then the value head's.
   */
  readonly trained: readonly ParameterSpec[];
  /** Shapes of the parameters that affect the logits: the model's, then the adapter's. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** Options of {@link parameterLayout}. */
export interface LayoutOptions {
  /** Adapter. Default: none. */
  readonly adapter?: AdapterConfig | undefined;
  /** True to add a value head. Default false. */
  readonly valueHead?: boolean | undefined;
}

/** Computes the layout of a model's parameters with its adapter and value head. */
export function parameterLayout(
  config: ModelConfig,
  { adapter, valueHead = false }: LayoutOptions = {},
): ParameterLayout {
  const model = parameterTable(config);
  return combine(
    config,
    model,
    adapter && adapterLayout(model, adapter),
    valueHead ? valueHeadTable(config) : [],
  );
}

/** Returns the layout without adapter and value head. */
export const withoutTrainedParts = ({ config, model }: ParameterLayout): ParameterLayout =>
  combine(config, model, undefined, []);

function combine(
  config: ModelConfig,
  model: readonly ParameterSpec[],
  adapter: AdapterLayout | undefined,
  valueHead: readonly ParameterSpec[],
): ParameterLayout {
  const specs = [...model, ...(adapter?.parameters ?? [])];
  return {
    config,
    model,
    adapter,
    valueHead,
    trained: [...(adapter?.parameters ?? model), ...valueHead],
    shapes: new Map(specs.map(({ name, shape }) => [name, shape])),
  };
}

/** Number of entries of all parameters. */
export const countEntries = (specs: readonly ParameterSpec[]): number =>
  specs.reduce((total, { shape }) => total + countElements(shape), 0);
