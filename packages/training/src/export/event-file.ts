import {
  bytesField,
  doubleField,
  floatField,
  integerField,
  message,
  packedDoubles,
  textField,
  type Bytes,
} from "@turnwise/graph/protobuf";
import { computeCrc32c, maskCrc } from "./crc32c.ts";

/** A value of a TensorBoard summary. */
export type SummaryValue =
  | { readonly kind: "scalar"; readonly tag: string; readonly value: number }
  | { readonly kind: "histogram"; readonly tag: string; readonly values: readonly number[] }
  /** Text in Markdown. */
  | { readonly kind: "text"; readonly tag: string; readonly text: string };

/** Time of an event, milliseconds since 1970, and its position on the horizontal axis. */
export interface SummaryMoment {
  readonly at: number;
  readonly step: number;
}

/** Version of the format, stored in the first event of each file. */
const fileVersion = "brain.Event:2";
/** Number of bins of a histogram. */
const numBins = 30;
/** Values of `DT_STRING` (`tensorflow.DataType`) and `DATA_CLASS_TENSOR`. */
const [stringType, tensorClass] = [7, 2];

/** Encodes the first record of an event file. */
export function encodeHeader(at: number): Bytes {
  return frameRecord(message([doubleField(1, at / 1000), textField(3, fileVersion)]));
}

/**
 * Encodes summary values as a record of an event file.
 * @see tensorflow/core/util/event.proto and framework/summary.proto for the field numbers
 */
export function encodeSummary({ at, step }: SummaryMoment, values: readonly SummaryValue[]): Bytes {
  const summary = values.map((value) => nest(1, encodeValue(value)));
  return frameRecord(message([doubleField(1, at / 1000), integerField(2, step), nest(5, summary)]));
}

/** Encodes a nested message from its fields. */
const nest = (field: number, fields: readonly Bytes[]): Bytes => bytesField(field, message(fields));

function encodeValue(value: SummaryValue): Bytes[] {
  const tag = textField(1, value.tag);
  if (value.kind === "scalar") return [tag, floatField(2, value.value)];
  if (value.kind === "histogram") return [tag, nest(5, encodeHistogram(value.values))];
  return [
    tag,
    nest(9, [nest(1, [textField(1, "text")]), integerField(4, tensorClass)]),
    nest(8, [
      integerField(1, stringType),
      nest(2, [nest(2, [integerField(1, 1)])]),
      textField(8, value.text),
    ]),
  ];
}

/** Encodes a histogram with bins of equal width, or with a single bin if all values are equal. */
function encodeHistogram(values: readonly number[]): Bytes[] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = values.reduce((sum, value) => sum + value, 0);
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  const length = high > low ? numBins : 1;
  const limits = Array.from({ length }, (_, i) =>
    i === length - 1 ? high : low + ((i + 1) * (high - low)) / length,
  );
  const counts = Array.from({ length }, () => 0);
  for (const value of values) {
    const bin = high > low ? Math.floor(((value - low) / (high - low)) * length) : 0;
    counts[Math.min(bin, length - 1)]! += 1;
  }
  return [
    doubleField(1, low),
    doubleField(2, high),
    doubleField(3, values.length),
    doubleField(4, total),
    doubleField(5, squares),
    packedDoubles(6, limits),
    packedDoubles(7, counts),
  ];
}

/** Frames a record: length, checksum of the length, content, checksum of the content. */
export function frameRecord(content: Uint8Array): Bytes {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(content.length), true);
  return message([length, checksum(length), content, checksum(content)]);
}

function checksum(bytes: Uint8Array): Bytes {
  const four = new Uint8Array(4);
  new DataView(four.buffer).setUint32(0, maskCrc(computeCrc32c(bytes)), true);
  return four;
}
