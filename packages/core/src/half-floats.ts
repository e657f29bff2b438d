/**
 * 16-bit floating point: IEEE binary16 (`F16`) or the upper half of a float32 (`BF16`, bfloat16).
 * Files store both as little-endian, which is also the byte order of every supported machine.
 */
export type HalfType = "F16" | "BF16";

/** Float32 bits of every binary16 value; built on first use. */
let wideBits: Uint32Array | undefined;

function getWideBits(): Uint32Array {
  wideBits ??= Uint32Array.from({ length: 2 ** 16 }, (_, half) => {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
    if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
    if (fraction === 0) return sign;
    // Subnormal: shift the leading bit to the position of the implicit bit.
    const shift = Math.clz32(fraction) - 21;
    return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
  });
  return wideBits;
}

/**
 * Upcasts half-precision values to float32, exactly.
 * @param target - Has the length of `halves`.
 */
export function widenHalves(type: HalfType, halves: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  if (type === "BF16") {
    for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
    return;
  }
  const table = getWideBits();
  for (let i = 0; i < bits.length; i++) bits[i] = table[halves[i]!]!;
}

/** Rounds float32 to half precision, ties to even. Values above the range become infinite. */
export function narrowToHalves(type: HalfType, values: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const narrow = type === "BF16" ? upperHalf : binary16;
  for (let i = 0; i < bits.length; i++) target[i] = narrow(bits[i]!);
}

/** Rounds a float32 to the nearest bfloat16; both are given as bits. */
function upperHalf(bits: number): number {
  // Without this, rounding a NaN could carry into the sign bit.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  const half = bits >>> 16;
  const rest = bits & 0xffff;
  return half + (rest > 0x8000 || (rest === 0x8000 && half % 2 === 1) ? 1 : 0);
}

/** Rounds a float32 to the nearest binary16; both are given as bits. */
function binary16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff - 112) return sign | 0x7c00 | (fraction > 0 ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  // Below the normal range the leading bit becomes explicit, and the fraction is shifted by the
  // exponent.
  const shift = exponent > 0 ? 13 : 14 - exponent;
  if (shift > 24) return sign;
  const all = exponent > 0 ? fraction | (exponent << 23) : fraction | 0x800000;
  const half = all >>> shift;
  const rest = all & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  // A carry into the exponent gives the next power of two, or infinity; both are correctly rounded.
  return sign | (half + (rest > middle || (rest === middle && half % 2 === 1) ? 1 : 0));
}

/** Index of the first entry that is NaN or infinite; -1 if there is none. */
export function findNonFinite(values: Float32Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7f800000) === 0x7f800000) return i;
  }
  return -1;
}

/** Like {@link findNonFinite}, for half-precision values. */
export function findNonFiniteHalf(type: HalfType, halves: Uint16Array): number {
  const exponent = type === "F16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < halves.length; i++) {
    if ((halves[i]! & exponent) === exponent) return i;
  }
  return -1;
}
