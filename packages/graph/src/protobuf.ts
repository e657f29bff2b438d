/**
 * Encoded part of a protocol buffer. A message is a concatenation of fields in any order.
 * @see protobuf.dev/programming-guides/encoding
 */
export type Bytes = Uint8Array;

/** Concatenates fields. */
export function message(fields: readonly Bytes[]): Bytes {
  const length = fields.reduce((total, field) => total + field.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/**
 * Encodes an integer with seven bits per byte, lowest first; negative numbers as 64-bit two's
 * complement.
 */
function varint(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

/** Encodes an integer field. */
export function integerField(field: number, value: number | bigint): Bytes {
  return message([varint(field * 8), varint(value)]);
}

/** Encodes a float32 field. */
export function floatField(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message([varint(field * 8 + 5), bytes]);
}

/** Encodes a float64 field. */
export function doubleField(field: number, value: number): Bytes {
  return message([varint(field * 8 + 1), float64s([value])]);
}

/** Encodes a packed list of float64 values. */
export function packedDoubles(field: number, values: readonly number[]): Bytes {
  return bytesField(field, float64s(values));
}

function float64s(values: readonly number[]): Bytes {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return bytes;
}

/** Encodes a field of bytes or of a nested message. */
export function bytesField(field: number, bytes: Bytes): Bytes {
  return message([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Encodes a string field. */
export function textField(field: number, text: string): Bytes {
  return bytesField(field, new TextEncoder().encode(text));
}
