import { readInstance } from "./data-sets.ts";
import { isRecord } from "../../is-record.ts";
import { InstanceError, messageOf, shown } from "./instance-error.ts";
import type { SweInstance } from "./instance.ts";
import { decode, readBytes } from "./read-bytes.ts";

/** The rows of a file of instances, and where each stands, for messages. */
async function* rowsOf(
  path: string,
  bytes: Buffer,
): AsyncGenerator<readonly [read: () => unknown, place: string]> {
  if (bytes.subarray(0, 4).toString("latin1") === "PAR1") {
    const { parquetReadObjects } = await import("hyparquet");
    const file = new Uint8Array(bytes).buffer;
    let rows: readonly unknown[];
    try {
      rows = await parquetReadObjects({ file });
    } catch (cause) {
      throw new InstanceError(
        `${path}: file must be parquet with SNAPPY or no compression, got ${messageOf(cause)}`,
        { cause },
      );
    }
    for (const [i, row] of rows.entries()) yield [() => row, `${path}: row ${i + 1}`];
    return;
  }
  const text = decode(bytes, path);
  if (text.trimStart().startsWith("[")) {
    const rows = parse(text, path);
    if (!Array.isArray(rows)) throw new InstanceError(`${path}: file must hold a list`);
    for (const [i, row] of rows.entries()) yield [() => row, `${path}: row ${i + 1}`];
    return;
  }
  // One object over many lines is a file of one instance.
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
    const place = `${path}: line ${number}`;
    yield [() => parse(line, place), place];
  }
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InstanceError(`${place}: row must be JSON, got ${shown(text)}`, { cause });
  }
}

/** How a file of instances is read. */
export interface LoadOptions {
  /**
   * Where the file keeps fields that have another name there: our name (SWE-bench's, such as
   * `instance_id` or `image`) to a path of names with dots, `docker.image`.
   */
  readonly fields?: Readonly<Record<string, string>>;
  /** Told of each row that cannot be used, which is then left out; without it, such a row throws. */
  readonly onInvalid?: (error: InstanceError) => void;
}

/**
 * Loads instances of a known data set (see {@link readInstance}) from a file: JSON lines, a JSON list
 * or one JSON object, each also with gzip, or parquet (SNAPPY or uncompressed). The content decides
 * about the format, not the name.
 * @throws `InstanceError` naming the file, the row, the field, the rule and the value; also for an
 *   id that stands twice, and for a file without a usable row.
 */
export async function loadInstances(
  path: string,
  { fields = {}, onInvalid }: LoadOptions = {},
): Promise<SweInstance[]> {
  const bytes = await readBytes(path);
  const instances: SweInstance[] = [];
  const places = new Map<string, string>();
  let first: InstanceError | undefined;
  for await (const [read, place] of rowsOf(path, bytes)) {
    try {
      const instance = readInstance(withFields(read(), fields), place);
      const earlier = places.get(instance.id);
      if (earlier !== undefined) {
        throw new InstanceError(
          `${place}: instance_id must stand once in a file, got ${shown(instance.id)} again after ${earlier.slice(path.length + 2)}`,
        );
      }
      places.set(instance.id, place);
      instances.push(instance);
    } catch (error) {
      if (!(error instanceof InstanceError) || onInvalid === undefined) throw error;
      first ??= error;
      onInvalid(error);
    }
  }
  if (instances.length > 0) return instances;
  const got = first === undefined ? "none" : `only invalid ones, such as ${first.message}`;
  throw new InstanceError(`${path}: file must hold an instance, got ${got}`);
}

/** The row with fields under our names too. A path that leads nowhere changes nothing. */
function withFields(row: unknown, fields: Readonly<Record<string, string>>): unknown {
  if (!isRecord(row) || Object.keys(fields).length === 0) return row;
  const result: Record<string, unknown> = { ...row };
  for (const [name, path] of Object.entries(fields)) {
    let value: unknown = row;
    for (const part of path.split(".")) value = isRecord(value) ? value[part] : undefined;
    if (value !== undefined) result[name] = value;
  }
  return result;
}
