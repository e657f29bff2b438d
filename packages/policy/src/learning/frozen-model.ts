import type { Executor, FrozenFeeds, ResidentTensor, RunFeeds } from "@turnwise/graph";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import { type Parameters } from "../model/shape/parameters.ts";
import type { LocatedParameters } from "../checkpoints/stored-parameters.ts";
import type { LearningOptions } from "./learning-options.ts";
import type { ReadFeed } from "./merge-program.ts";
import { SharedTensor, type WeightFeeds } from "./resident-weights.ts";
import { rotaryFeeds } from "../model/transformer.ts";

/** Options for the frozen part of a learner's model. */
export interface FrozenModelOptions extends Pick<LearningOptions, "keepReference"> {
  /** Layout of all parameters: model, adapter and value head. */
  readonly layout: ParameterLayout;
  readonly executor: Executor;
  /**
   * Memory-mapped model, only with an adapter; `parameters` are then empty. Programs upcast the
   * parts that they use. On a device the model is still uploaded as float32.
   */
  readonly stored?: LocatedParameters | undefined;
}

/** Frozen part of a learner's model. */
export interface FrozenModel {
  /** Tables of rotary positions. */
  readonly rotary: RunFeeds;
  /** Frozen weights that are fed to programs: the whole model with an adapter, otherwise none. */
  readonly frozen: WeightFeeds;
  /** Frozen weights that programs memory-map; only with an adapter. */
  readonly stored: FrozenFeeds;
  /** Reads a parameter of the model; only with an adapter. */
  readonly read: ReadFeed;
  /** Frozen weights as resident tensors, if they are on a device. */
  readonly tensors: ReadonlyMap<string, SharedTensor>;
  readonly reference: WeightFeeds | undefined;
  readonly close: () => void;
}

/** Creates a frozen model from host arrays, or from locations in files. */
export function createHostModel(
  parameters: Parameters,
  { layout, stored, keepReference }: FrozenModelOptions,
): FrozenModel {
  const { config, model, adapter } = layout;
  const rotary = rotaryFeeds(config);
  if (stored) {
    const places = model.map(({ name }) => [name, stored.locate(name)] as const);
    return {
      rotary,
      frozen: new Map(),
      stored: Object.fromEntries(places),
      read: async (name) => ({ data: await stored.read(name), shape: stored.locate(name).shape }),
      tensors: new Map(),
      reference: new Map(),
      close: () => {},
    };
  }
  const feedsOf = (values: Parameters): WeightFeeds =>
    new Map(model.map(({ name, shape }) => [name, { data: values.get(name)!, shape }]));
  const frozen: WeightFeeds = adapter ? feedsOf(parameters) : new Map();
  const first = keepReference ? feedsOf(copyParameters(parameters)) : undefined;
  return {
    rotary,
    frozen,
    stored: {},
    read: readerOf(frozen),
    tensors: new Map(),
    reference: adapter ? frozen : first,
    close: () => {},
  };
}

/**
 * Uploads the frozen model. The reference keeps handles to the initial trained weights.
 * @param trained - Initial tensors of the trained parameters.
 */
export async function createResidentModel(
  parameters: Parameters,
  trained: ReadonlyMap<string, SharedTensor>,
  { layout, stored, executor, keepReference }: FrozenModelOptions,
): Promise<FrozenModel> {
  const { config, model, adapter } = layout;
  const held = new Map<string, SharedTensor>();
  const rotary: Record<string, ResidentTensor> = {};
  const close = (): void => {
    for (const tensor of held.values()) tensor.release();
    for (const tensor of Object.values(rotary)) tensor.dispose();
  };
  const none: WeightFeeds = new Map();
  try {
    for (const [name, feed] of Object.entries(rotaryFeeds(config))) {
      rotary[name] = await executor.upload(feed);
    }
    for (const { name, shape } of adapter || keepReference ? model : []) {
      if (!adapter) {
        held.set(name, trained.get(name)!.retain());
        continue;
      }
      const data = stored ? await stored.read(name) : parameters.get(name)!;
      held.set(name, new SharedTensor(await executor.upload({ data, shape })));
    }
  } catch (error) {
    close();
    throw error;
  }
  const feeds = new Map([...held].map(([name, { tensor }]) => [name, tensor]));
  const reference = adapter || keepReference ? feeds : undefined;
  const frozen = adapter ? feeds : none;
  const tensors = adapter ? held : new Map<string, SharedTensor>();
  return { rotary, frozen, stored: {}, read: readerOf(frozen), tensors, reference, close };
}

const readerOf =
  (weights: WeightFeeds): ReadFeed =>
  (name) =>
    weights.get(name)!;

export const copyParameters = (parameters: Parameters): Parameters =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));
