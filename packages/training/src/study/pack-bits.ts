/** Packs bits into base64, 8 per byte, the first in the lowest bit. */
export function packBits(bits: readonly boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3]! |= 1 << (i & 7);
  return btoa(String.fromCharCode(...bytes));
}

/**
 * Unpacks bits that {@link packBits} packed.
 * @param length - Number of bits.
 * @throws `RangeError` if the text has another number of bytes.
 */
export function unpackBits(base64: string, length: number): boolean[] {
  const bytes = atob(base64);
  if (bytes.length !== Math.ceil(length / 8)) {
    throw new RangeError(
      `unpackBits: base64 must contain ${Math.ceil(length / 8)} bytes for ${length} bits, got ${bytes.length}`,
    );
  }
  return Array.from({ length }, (_, i) => ((bytes.charCodeAt(i >> 3) >> (i & 7)) & 1) === 1);
}
