import type { Executor, FrozenFeeds, ResidentTensor, RunFeeds } from "@turnwise/graph";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import { type Parameters } from "../model/shape/parameters.ts";
import type { LocatedParameters } from "../checkpoints/stored-parameters.ts";
import type { LearningOptions } from "./learning-options.ts";
import type { ReadFeed } from "./merge-program.ts";
import { SharedTensor, type WeightFeeds } from "./resident-weights.ts";
import { rotaryFeeds } from "../model/transformer.ts";

/** Options of a learner for the parts of its model that training leaves alone. */
export interface ModelOptions extends Pick<LearningOptions, "keepReference"> {
  /** Layout of all parameters that it computes with: the model's, the adapter's, the value head's. */
  readonly layout: ParameterLayout;
  readonly executor: Executor;
  /**
   * With an adapter: the model in files that stay, in place of the parameters, which then are none.
   * Programs widen what they need of it; on a device it is held as float32 all the same.
   */
  readonly stored?: LocatedParameters | undefined;
}

/** What stays as it is while a learner trains. */
export interface ModelParts {
  /** The tables of positions. */
  readonly rotary: RunFeeds;
  /** What is fed of the model, beside what is trained: all of it with an adapter, else nothing. */
  readonly frozen: WeightFeeds;
  /** With an adapter: what is not fed, for programs take it from files. */
  readonly stored: FrozenFeeds;
  /** With an adapter: reads a parameter of the model, wherever it is. */
  readonly read: ReadFeed;
  /** The same, where the executor has it. */
  readonly tensors: ReadonlyMap<string, SharedTensor>;
  readonly reference: WeightFeeds | undefined;
  readonly close: () => void;
}

/** Arrays of this process, or places in files. */
export function hostModel(
  parameters: Parameters,
  { layout, stored, keepReference }: ModelOptions,
): ModelParts {
  const { config, model, adapter } = layout;
  const rotary = rotaryFeeds(config);
  if (stored) {
    const places = model.map(({ name }) => [name, stored.place(name)] as const);
    return {
      rotary,
      frozen: new Map(),
      stored: Object.fromEntries(places),
      read: async (name) => ({ data: await stored.read(name), shape: stored.place(name).shape }),
      tensors: new Map(),
      reference: new Map(),
      close: () => {},
    };
  }
  const feedsOf = (values: Parameters): WeightFeeds =>
    new Map(model.map(({ name, shape }) => [name, { data: values.get(name)!, shape }]));
  const frozen: WeightFeeds = adapter ? feedsOf(parameters) : new Map();
  const first = keepReference ? feedsOf(copyOfAll(parameters)) : undefined;
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
 * Uploads what is not trained. The reference is the first version of what is, held on to.
 * @param trained - What is trained, as it is at first.
 */
export async function residentModel(
  parameters: Parameters,
  trained: ReadonlyMap<string, SharedTensor>,
  { layout, stored, executor, keepReference }: ModelOptions,
): Promise<ModelParts> {
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

/** Copies of all values. */
export const copyOfAll = (parameters: Parameters): Parameters =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));
