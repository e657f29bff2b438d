/**
 * Encodes the length of a document in one byte, as Lucene does: exact below 40, then about four
 * significant bits (`SmallFloat.intToByte4`).
 * @param length - Number of terms, an integer in [0, 2^31).
 * @returns In [0, 255]; increases with the length.
 */
export function lengthByte(length: number): number {
  if (length < 24) return length;
  const rest = length - 24;
  if (rest < 8) return 24 + rest;
  const shift = 28 - Math.clz32(rest);
  return 24 + (((rest >>> shift) & 7) | ((shift + 1) << 3));
}

/** Decodes a byte of {@link lengthByte}: the smallest length that gives it. */
export function lengthOfByte(byte: number): number {
  if (byte < 24) return byte;
  const packed = byte - 24;
  const bits = packed & 7;
  const shift = (packed >> 3) - 1;
  return 24 + (shift < 0 ? bits : (bits | 8) * 2 ** shift);
}
