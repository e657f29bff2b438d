import { Fields } from "../instances/fields.ts";
import { isRecord } from "../../is-record.ts";
import { formatValue } from "../../format-value.ts";
import { InstanceError } from "../instances/instance-error.ts";
import { decode, readBytes } from "../instances/read-bytes.ts";

/** Patch that a model wrote for an instance. */
export interface Prediction {
  readonly instanceId: string;
  /** Name of the model according to the file; `none` if it has no name. */
  readonly model: string;
  /** Unified diff; `null` or empty if the model gave none. */
  readonly patch: string | null;
}

/**
 * Loads predictions in SWE-bench's format from a file, optionally compressed with gzip: JSON Lines
 * or a JSON list of `{instance_id, model_patch, model_name_or_path}`, or an object from ids to such
 * records.
 * @throws `InstanceError` naming file, row, field, rule and value; also for an id that appears
 *   twice.
 */
export async function loadPredictions(path: string): Promise<Prediction[]> {
  const text = decode(await readBytes(path), path);
  const predictions: Prediction[] = [];
  const locations = new Map<string, string>();
  for (const [row, location] of readRows(text, path)) {
    const fields: Fields = new Fields(row, location);
    const instanceId = fields.name("instance_id");
    const earlier = locations.get(instanceId);
    if (earlier !== undefined) {
      throw new InstanceError(
        `${location}: instance_id must be unique in a file, got ${formatValue(instanceId)}, as in ${earlier}`,
      );
    }
    locations.set(instanceId, location.slice(path.length + 2));
    predictions.push({
      instanceId,
      model: fields.firstName("model_name_or_path") ?? "none",
      patch: fields.optionalText("model_patch") ?? null,
    });
  }
  if (predictions.length > 0) return predictions;
  throw new InstanceError(`${path}: file contains no prediction`);
}

function* readRows(
  text: string,
  path: string,
): Generator<readonly [row: unknown, location: string]> {
  const whole = tryParse(text);
  if (Array.isArray(whole)) {
    for (const [i, row] of whole.entries()) yield [row, `${path}: row ${i + 1}`];
    return;
  }
  if (isRecord(whole)) {
    if (whole["instance_id"] !== undefined) yield [whole, `${path}: row 1`];
    else {
      for (const [id, row] of Object.entries(whole)) {
        const location = `${path}: ${id}`;
        yield [isRecord(row) ? { instance_id: id, ...row } : row, location];
      }
    }
    return;
  }
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const location = `${path}: line ${i + 1}`;
    const row = tryParse(line);
    if (row === undefined)
      throw new InstanceError(`${location}: row is not valid JSON: ${formatValue(line)}`);
    yield [row, location];
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
