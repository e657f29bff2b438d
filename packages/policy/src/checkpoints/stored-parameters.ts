import type { FileFeed } from "@turnwise/graph";
import type { Parameters, ParameterSpec } from "../model/shape/parameters.ts";
import type { OpenSafetensors, TensorToWrite } from "../files/safetensors.ts";
import { isFloatType } from "../files/safetensors.ts";

/** Options of {@link readParameters}. */
export interface ReadParametersOptions {
  /** Stands before the names in the files. */
  readonly prefix?: string;
  /** Whether a tensor that the table does not know may be left out. Default none may. */
  readonly isIgnored?: (name: string) => boolean;
}

/**
 * Reads the parameters of a table out of files. Everything that headers can tell is checked before any
 * value is read.
 * @param source - What messages call all files together.
 * @throws `Error` naming file, tensor, expected and found shape; for a tensor that is missing, that two
 *   files have, or that the table does not know: leaving it out would compute another model; for NaN
 *   and infinities, with their index.
 */
export async function readParameters(
  table: readonly ParameterSpec[],
  files: readonly OpenSafetensors[],
  source: string,
  options: ReadParametersOptions = {},
): Promise<Parameters> {
  const located = locateParameters(table, files, source, options);
  const parameters = new Map<string, Float32Array>();
  for (const { name } of table) parameters.set(name, await located.read(name));
  return parameters;
}

/** Parameters that were found in files. */
export interface LocatedParameters {
  /** Reads one, into an array that is given for it if that has its size. */
  read(name: string, into?: Float32Array): Promise<Float32Array>;
  /** Where one lies, for programs that take it from there. Its values are not looked at. */
  place(name: string): FileFeed;
  /** Reads all, and keeps nothing. @throws `Error` for a value that is NaN or infinite, with its index. */
  checkFinite(): Promise<void>;
}

/**
 * Finds the parameters of a table in files, as {@link readParameters} does, and leaves the reading to
 * the caller, who need not have all in memory at once. Files must stay open for that.
 */
export function locateParameters(
  table: readonly ParameterSpec[],
  files: readonly OpenSafetensors[],
  source: string,
  { prefix = "", isIgnored = () => false }: ReadParametersOptions = {},
): LocatedParameters {
  const places = new Map<string, OpenSafetensors>();
  for (const file of files) {
    for (const name of file.header.entries.keys()) {
      const other = places.get(name);
      if (other) throw new Error(`${file.path}: ${name} must be in one file, is in ${other.path}`);
      places.set(name, file);
    }
  }
  for (const { name, shape } of table) {
    const stored = prefix + name;
    const expected = `[${shape.join(", ")}]`;
    const file = places.get(stored);
    const entry = file?.header.entries.get(stored);
    if (!file || !entry) {
      throw new Error(`${source}: ${stored} must have shape ${expected}, got nothing`);
    }
    if (entry.shape.join() !== shape.join()) {
      throw new Error(
        `${file.path}: ${stored} must have shape ${expected}, got [${entry.shape.join(", ")}]`,
      );
    }
    if (!isFloatType(entry.type)) {
      throw new Error(`${file.path}: ${stored} must be F32, F16 or BF16, got ${entry.type}`);
    }
  }
  const known = new Set(table.map(({ name }) => prefix + name));
  for (const [name, file] of places) {
    if (known.has(name) || isIgnored(name)) continue;
    throw new Error(`${file.path}: ${name} must be a part of the model, got one too many`);
  }
  const fileOf = (name: string): OpenSafetensors => places.get(prefix + name)!;
  return {
    read: (name, into) => fileOf(name).read(prefix + name, { requireFinite: true, into }),
    place: (name) => fileOf(name).place(prefix + name),
    checkFinite: async () => {
      for (const { name } of table) await fileOf(name).checkFinite(prefix + name);
    },
  };
}

/** Gives a tensor by its name, wherever it is. */
export type ReadTensor = (name: string) => Float32Array | Promise<Float32Array>;

/**
 * Pairs values with the shapes of a table, under names with a prefix. What is read is asked for when it
 * is written, one after the other.
 */
export function storedTensors(
  table: readonly ParameterSpec[],
  values: Parameters | ReadTensor,
  prefix = "",
): Map<string, TensorToWrite> {
  return new Map(
    table.map(({ name, shape }) => [
      prefix + name,
      { shape, values: typeof values === "function" ? () => values(name) : values.get(name)! },
    ]),
  );
}
