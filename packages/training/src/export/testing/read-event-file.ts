/** Computes CRC-32C bit by bit from its definition, without the writer's table. */
function computeChecksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  }
  const crc = ~value >>> 0;
  const rotated = ((crc >>> 15) | ((crc & 0x7fff) << 17)) >>> 0;
  return (rotated + 0xa282ead8) % 2 ** 32;
}

/**
 * Reads the records of a TFRecord file. @throws `RangeError` for a wrong checksum or a truncated
 * record.
 */
export function readRecords(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    if (computeChecksum(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)) {
      throw new RangeError("wrong checksum of a length");
    }
    const length = Number(view.getBigUint64(at, true));
    if (at + 16 + length > bytes.length) throw new RangeError("unexpected end");
    const content = bytes.subarray(at + 12, at + 12 + length);
    if (computeChecksum(content) !== view.getUint32(at + 12 + length, true)) {
      throw new RangeError("wrong checksum of a content");
    }
    records.push(content);
    at += 16 + length;
  }
  return records;
}

/** Fields of a protocol buffer message, by number. */
export interface DecodedMessage {
  message(field: number): DecodedMessage;
  messages(field: number): DecodedMessage[];
  text(field: number): string;
  number(field: number): number;
  double(field: number): number;
  float(field: number): number;
  doubles(field: number): number[];
}

/** Decodes the wire format of a message, without its schema. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage {
  const fields = new Map<number, Uint8Array[]>();
  const numbers = new Map<number, number>();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) {
      numbers.set(field, readVarint());
      continue;
    }
    const length = type === 1 ? 8 : type === 5 ? 4 : readVarint();
    fields.set(field, [...(fields.get(field) ?? []), bytes.subarray(at, at + length)]);
    at += length;
  }
  const raw = (field: number): Uint8Array => fields.get(field)![0]!;
  const view = (field: number): DataView => {
    const part = raw(field);
    return new DataView(part.buffer, part.byteOffset, part.byteLength);
  };
  return {
    message: (field) => decodeMessage(raw(field)),
    messages: (field) => (fields.get(field) ?? []).map(decodeMessage),
    text: (field) => new TextDecoder().decode(raw(field)),
    number: (field) => numbers.get(field) ?? 0,
    double: (field) => view(field).getFloat64(0, true),
    float: (field) => view(field).getFloat32(0, true),
    doubles: (field) =>
      Array.from({ length: raw(field).length / 8 }, (_, i) => view(field).getFloat64(8 * i, true)),
  };
}
