import type { FileFeed } from "@turnwise/graph";
import type { Parameters, ParameterSpec } from "../model/shape/parameters.ts";
import type { OpenSafetensors, TensorToWrite } from "../files/safetensors.ts";
import { isFloatType } from "../files/safetensors.ts";

/** Options of {@link readParameters}. */
export interface ReadParametersOptions {
  /** Prefix of the names in the files. */
  readonly prefix?: string;
  /**
   * Returns true for a tensor that is not in the table but may be ignored. Default: no tensor may
   * be ignored.
   */
  readonly isIgnored?: (name: string) => boolean;
}

/**
 * Reads the parameters of a table from files. Everything in the headers is checked before any value
 * is read.
 * @param source - Name of the set of files, for messages.
 * @throws `Error` for a tensor that is missing, has another shape, is present in two files, or is not
 *   in the table (ignoring it would compute a different model); and for NaN and infinities. The
 *   message names file and tensor, and the expected and found shape or the index.
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

/** Parameters that were located in files. */
export interface LocatedParameters {
  /** Reads one parameter, into `into` if that has the right size. */
  read(name: string, into?: Float32Array): Promise<Float32Array>;
  /**
   * Returns the file location of a parameter, for programs that memory-map it. Its values are not
   * checked.
   */
  locate(name: string): FileFeed;
  /**
   * Reads and checks all values without keeping them.
   * @throws `Error` naming the index of a value that is NaN or infinite.
   */
  checkFinite(): Promise<void>;
}

/**
 * Locates the parameters of a table in files, with the checks of {@link readParameters}; the caller
 * reads them one by one. The files must stay open.
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
      if (other)
        throw new Error(
          `${file.path}: ${name} must be in only one file, got it also in ${other.path}`,
        );
      places.set(name, file);
    }
  }
  for (const { name, shape } of table) {
    const stored = prefix + name;
    const expected = `[${shape.join(", ")}]`;
    const file = places.get(stored);
    const entry = file?.header.entries.get(stored);
    if (!file || !entry) {
      throw new Error(`${source}: ${stored} must have shape ${expected}, got no tensor`);
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
    throw new Error(`${file.path}: tensor ${name} is not a parameter of the model`);
  }
  const fileOf = (name: string): OpenSafetensors => places.get(prefix + name)!;
  return {
    read: (name, into) => fileOf(name).read(prefix + name, { requireFinite: true, into }),
    locate: (name) => fileOf(name).locate(prefix + name),
    checkFinite: async () => {
      for (const { name } of table) await fileOf(name).checkFinite(prefix + name);
    },
  };
}

/** Function that returns a tensor by name. */
export type ReadTensor = (name: string) => Float32Array | Promise<Float32Array>;

/**
 * Combines values with the shapes of a table, under prefixed names. Each value is read only when it
 * is written.
 */
export function tensorsToWrite(
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
