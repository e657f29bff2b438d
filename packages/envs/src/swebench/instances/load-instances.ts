import { readInstance } from "./data-sets.ts";
import { isRecord } from "../../is-record.ts";
import { readMessage } from "../../call-within.ts";
import { formatValue } from "../../format-value.ts";
import { InstanceError } from "./instance-error.ts";
import type { SweInstance } from "./instance.ts";
import { decode, readBytes } from "./read-bytes.ts";
import { readParquet } from "./read-parquet.ts";

/** First and last bytes of a Parquet file. */
const parquetMark = "PAR1";

/** Rows of an instance file, each with its location for messages. */
async function* readRows(
  path: string,
  bytes: Buffer,
): AsyncGenerator<readonly [read: () => unknown, location: string]> {
  const isParquet = bytes.subarray(0, 4).toString("latin1") === parquetMark;
  if (isParquet !== (bytes.subarray(-4).toString("latin1") === parquetMark)) {
    throw new InstanceError(
      `${path}: Parquet file must start and end with ${parquetMark}; is it cut off or damaged?`,
    );
  }
  if (isParquet) {
    let rows: readonly unknown[];
    try {
      rows = await readParquet(bytes);
    } catch (cause) {
      throw new InstanceError(
        `${path}: file must be valid Parquet with SNAPPY or no compression; reading it failed: ${readMessage(cause)}`,
        { cause },
      );
    }
    for (const [i, row] of rows.entries()) yield [() => row, `${path}: row ${i + 1}`];
    return;
  }
  const text = decode(bytes, path);
  if (text.trimStart().startsWith("[")) {
    const rows = parse(text, path);
    if (!Array.isArray(rows)) throw new InstanceError(`${path}: file must contain a list`);
    for (const [i, row] of rows.entries()) yield [() => row, `${path}: row ${i + 1}`];
    return;
  }
  // A JSON object over several lines is a file with one instance.
  const first = text.slice(0, Math.max(0, text.indexOf("\n"))).trim();
  if (first === "{") {
    yield [() => parse(text, path), path];
    return;
  }
  let number = 0;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end === -1) end = text.length;
    number += 1;
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === "") continue;
    const location = `${path}: line ${number}`;
    yield [() => parse(line, location), location];
  }
}

function parse(text: string, location: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InstanceError(`${location}: row is not valid JSON: ${formatValue(text)}`, { cause });
  }
}

/** Options for reading an instance file. */
export interface LoadOptions {
  /**
   * Paths of fields that have another name in the file: from this project's name (SWE-bench's, such
   * as `instance_id` or `image`) to a dotted path, such as `docker.image`.
   */
  readonly fields?: Readonly<Record<string, string>>;
  /** Called for each invalid row, which is then skipped. Default: an invalid row throws. */
  readonly onInvalid?: (error: InstanceError) => void;
}

/**
 * Loads instances of a known data set (see {@link readInstance}) from a file: JSON Lines, a JSON
 * list or one JSON object, each optionally compressed with gzip, or Parquet (SNAPPY or
 * uncompressed). The content determines the format, not the name.
 * @throws `InstanceError` naming the file, the row, the field, the rule and the value; also for an
 *   id that appears twice, and for a file without a valid row.
 */
export async function loadInstances(
  path: string,
  { fields = {}, onInvalid }: LoadOptions = {},
): Promise<SweInstance[]> {
  const bytes = await readBytes(path);
  const instances: SweInstance[] = [];
  const locations = new Map<string, string>();
  let first: InstanceError | undefined;
  for await (const [read, location] of readRows(path, bytes)) {
    try {
      const instance = readInstance(addMappedFields(read(), fields), location);
      const earlier = locations.get(instance.id);
      if (earlier !== undefined) {
        throw new InstanceError(
          `${location}: instance_id must be unique in a file, got ${formatValue(instance.id)}, as in ${earlier.slice(path.length + 2)}`,
        );
      }
      locations.set(instance.id, location);
      instances.push(instance);
    } catch (error) {
      if (!(error instanceof InstanceError) || onInvalid === undefined) throw error;
      first ??= error;
      onInvalid(error);
    }
  }
  if (instances.length > 0) return instances;
  const got = first === undefined ? "none" : `only invalid ones, such as ${first.message}`;
  throw new InstanceError(`${path}: file must contain an instance, got ${got}`);
}

/**
 * Adds the mapped fields to a row, under this project's names. A path to a missing field has no
 * effect.
 */
function addMappedFields(row: unknown, fields: Readonly<Record<string, string>>): unknown {
  if (!isRecord(row) || Object.keys(fields).length === 0) return row;
  const result: Record<string, unknown> = { ...row };
  for (const [name, path] of Object.entries(fields)) {
    let value: unknown = row;
    for (const part of path.split(".")) value = isRecord(value) ? value[part] : undefined;
    if (value !== undefined) result[name] = value;
  }
  return result;
}
