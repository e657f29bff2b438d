import { evaluateDimension, type Dimension } from "./dimension.ts";
import type { FileFeed } from "./file-feed.ts";
import type { Feed, Program } from "./program.ts";
import type { ResidentTensor } from "./resident-tensor.ts";
import { showShape, type DataType, type Shape, type Tensor } from "./tensor.ts";

/** All inputs of a program by name: arrays, resident tensors, or file locations. */
export type BoundFeeds = Readonly<Record<string, Feed | ResidentTensor | FileFeed>>;

/** Values of a program's named sizes. */
export type Sizes = ReadonlyMap<string, number>;

/** Evaluates a shape for given sizes. */
export function evaluateShape(shape: Shape, sizes: Sizes): number[] {
  return shape.map((dimension) => evaluateDimension(dimension, sizes));
}

function isOfType(data: Feed["data"], dtype: DataType): boolean {
  if (dtype === "int32") return data instanceof Int32Array;
  if (dtype === "bool") return data instanceof Uint8Array;
  return data instanceof Float32Array || data instanceof Float64Array;
}

/** Checks a feed against the data type, shape and number of entries of an input. */
export function checkFeed(
  where: string,
  name: string,
  { dtype, shape }: Tensor,
  feed: Feed | ResidentTensor | FileFeed,
): void {
  const isArray = "data" in feed;
  // Resident tensors and files always hold float32.
  if (isArray ? !isOfType(feed.data, dtype) : dtype !== "float32") {
    const what = isArray
      ? feed.data.constructor.name
      : "file" in feed
        ? "file of float32 entries"
        : "resident float32 tensor";
    throw new TypeError(`${where}: feed ${name} must hold ${dtype} entries, got a ${what}`);
  }
  const isMatched =
    feed.shape.length === shape.length &&
    shape.every((size, axis) => typeof size === "string" || size === feed.shape[axis]);
  if (!isMatched) {
    throw new RangeError(
      `${where}: feed ${name} must have shape ${showShape(shape)}, got ${showShape(feed.shape)}`,
    );
  }
  if (!isArray) return;
  const count = feed.shape.reduce((product, size) => product * size, 1);
  if (feed.data.length !== count) {
    throw new RangeError(
      `${where}: feed ${name} must hold ${count} entries for shape ${showShape(feed.shape)}, got ${feed.data.length}`,
    );
  }
}

/** True if a dimension is a formula: neither a number nor a name. */
function isFormula(dimension: Dimension): boolean {
  return typeof dimension === "string" && !/^\w+$/.test(dimension);
}

/**
 * Checks feeds against a program and reads the values of its named sizes from their shapes.
 * @throws `RangeError` for a missing or unknown feed, a wrong shape, or inconsistent sizes;
 *   `TypeError` for a wrong data type. The message names the feed, the expected and the given
 *   value.
 */
export function bindFeeds(where: string, program: Program, feeds: BoundFeeds): Sizes {
  for (const name of Object.keys(feeds)) {
    if (!Object.hasOwn(program.inputs, name)) {
      const known = Object.keys(program.inputs).join(", ");
      throw new RangeError(
        `${where}: feeds must name inputs of the program (${known}), got ${name}`,
      );
    }
  }
  const sizes = new Map<string, number>();
  const setBy = new Map<string, string>();
  for (const [name, tensor] of Object.entries(program.inputs)) {
    const feed = feeds[name];
    if (!feed) throw new RangeError(`${where}: feed ${name} must be given, got none`);
    checkFeed(where, name, tensor, feed);
    tensor.shape.forEach((dimension, axis) => {
      if (typeof dimension === "number" || isFormula(dimension)) return;
      const size = feed.shape[axis]!;
      const known = sizes.get(dimension);
      if (known !== undefined && known !== size) {
        throw new RangeError(
          `${where}: size ${dimension} must be the same in all feeds, got ${known} from ${setBy.get(dimension)} and ${size} from ${name}`,
        );
      }
      sizes.set(dimension, size);
      setBy.set(dimension, name);
    });
  }
  for (const [name, { shape }] of Object.entries(program.inputs)) {
    if (!shape.some(isFormula)) continue;
    const expected = evaluateShape(shape, sizes);
    if (expected.some((size, axis) => size !== feeds[name]!.shape[axis])) {
      throw new RangeError(
        `${where}: feed ${name} must have shape ${showShape(shape)} = ${showShape(expected)}, got ${showShape(feeds[name]!.shape)}`,
      );
    }
  }
  return sizes;
}
