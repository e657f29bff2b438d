/** Wire types of protocol buffers. */
const [varintType, fixed64Type, bytesType, fixed32Type] = [0, 1, 2, 5] as const;

/** Encodes an integer as a varint. @param value - Safe integer, `>= 0`. */
function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const tag = (field: number, type: number): number[] => encodeVarint(field * 8 + type);

/** Encodes an integer field. @param value - Safe integer, `>= 0`. */
export function integerField(field: number, value: number): Uint8Array {
  return Uint8Array.from([...tag(field, varintType), ...encodeVarint(value)]);
}

/** Encodes a double field. */
export function doubleField(field: number, value: number): Uint8Array {
  return concatenate([Uint8Array.from(tag(field, fixed64Type)), doubles([value])]);
}

/** Encodes a float field. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concatenate([Uint8Array.from(tag(field, fixed32Type)), bytes]);
}

/** Encodes a packed list of doubles. */
export function packedDoubles(field: number, values: readonly number[]): Uint8Array {
  return bytesField(field, doubles(values));
}

/** Encodes a field of bytes: a message, or text. */
export function bytesField(field: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return concatenate([
    Uint8Array.from([...tag(field, bytesType), ...encodeVarint(bytes.length)]),
    bytes,
  ]);
}

/** Encodes a message field from its own fields. */
export function messageField(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return bytesField(field, concatenate(parts));
}

/** Joins encoded fields to a message. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function doubles(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat64(8 * i, value, true));
  return bytes;
}
