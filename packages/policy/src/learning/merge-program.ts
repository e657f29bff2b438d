import {
  trace,
  type Executable,
  type Feed,
  type Program,
  type ResidentTensor,
} from "@turnwise/graph";
import { adapterScale, loraNames, type AdapterLayout } from "../model/lora.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import type { WeightFeeds } from "./resident-weights.ts";

/**
 * Traces the merge of a low-rank adapter into one weight: inputs `weight` `[out, in]`, `a`
 * `[rank, in]`, `b` `[out, rank]` and the scalar `scale`; the output is `weight + scale * b a`.
 */
export function traceMerge(): Program<"merged"> {
  return trace((g) => {
    const weight = g.input("weight", "float32", ["out", "in"]);
    const a = g.input("a", "float32", ["rank", "in"]);
    const b = g.input("b", "float32", ["out", "rank"]);
    const change = g.matmul(g.multiply(b, g.input("scale", "float32", [])), a);
    return { merged: g.add(weight, change) };
  });
}

/** Function that returns a weight in the form that programs read. */
export type ReadFeed = (name: string) => Feed | ResidentTensor | Promise<Feed | ResidentTensor>;

/** Creates a reader of weights in host or device memory. Host arrays are not copied. */
export function createWeightReader(weights: WeightFeeds): ReadTensor {
  return (name) => {
    const found = weights.get(name);
    if (!found) throw new RangeError(`read: name must be a parameter, got ${name}`);
    return readEntries(name, found);
  };
}

function readEntries(
  name: string,
  feed: Feed | ResidentTensor,
): Float32Array | Promise<Float32Array> {
  if (!("data" in feed)) return feed.read();
  if (feed.data instanceof Float32Array) return feed.data;
  throw new TypeError(`read: ${name} must be float32, got a ${feed.data.constructor.name}`);
}

/**
 * Creates a reader of merged weights. Same result as `mergeAdapter`, but one weight at a time with
 * a compiled {@link traceMerge}, which is much faster for large models.
 * @param weights - `read` reads the model's weights; `trained` contains the adapter's weights.
 */
export function createMergedReader(
  executable: Executable<"merged">,
  { config, modules }: AdapterLayout,
  { read, trained }: { readonly read: ReadFeed; readonly trained: WeightFeeds },
): ReadTensor {
  const scale = { data: Float32Array.of(adapterScale(config)), shape: [] };
  const targets = new Map(modules.map(({ module }) => [`${module}.weight`, module]));
  // A parameter in `modulesToSave` has the same name as the parameter of the model that it
  // replaces.
  const readTrained = createWeightReader(trained);
  return async (name) => {
    const module = targets.get(name);
    if (module === undefined) {
      return trained.has(name) ? readTrained(name) : readEntries(name, await read(name));
    }
    const { a, b } = loraNames(module);
    const results = await executable.run({
      weight: await read(name),
      a: trained.get(a)!,
      b: trained.get(b)!,
      scale,
    });
    return results.merged.data;
  };
}
