const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const openingBracket = 0x5b;
const backslash = 0x5c;
const closingBracket = 0x5d;

/** Powers of ten that float64 represents exactly, from 1. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Smallest decimal exponent for which digits are computed. */
const minExponent = -13;
/** Powers of ten from that exponent on. */
const decades = Float64Array.from({ length: 21 }, (_, i) => Number(`1e${i + minExponent}`));
/** Decimal exponent of the smallest float32 for each stored binary exponent. */
const exponents = Int8Array.from({ length: 256 }, (_, stored) =>
  Math.floor((stored - 127) * Math.log10(2)),
);

/**
 * Buffer for the numbers to write. Passing numbers as arguments would allocate each one on the
 * heap.
 */
let singles = new Float32Array(1024);
let singleBits = new Uint32Array(singles.buffer);
function resize(length: number): void {
  singles = new Float32Array(2 * length);
  singleBits = new Uint32Array(singles.buffer);
}

/** Writer of JSON text in UTF-8. */
export class JsonWriter {
  readonly #capacity: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param capacity - Initial capacity in bytes; grows as needed. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(capacity);
  }

  /** Number of bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Returns the bytes written so far, and empties the buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(this.#capacity);
    this.#length = 0;
    return taken;
  }

  /** Writes ASCII text that is already JSON. */
  raw(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let i = 0; i < length; i++) bytes[start + i] = text.charCodeAt(i);
    this.#length = start + length;
  }

  /** Writes any value as `JSON.stringify` does. */
  json(value: unknown): void {
    const json = JSON.stringify(value);
    // UTF-8 needs at most 3 bytes per UTF-16 code unit.
    this.#reserve(3 * json.length);
    const { written } = new TextEncoder().encodeInto(json, this.#bytes.subarray(this.#length));
    this.#length += written;
  }

  /** Writes a string as `JSON.stringify` does. */
  string(text: string): void {
    const { length } = text;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = quote;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) {
        return this.json(text);
      }
      bytes[at++] = code;
    }
    bytes[at++] = quote;
    this.#length = at;
  }

  /** Writes a number as `JSON.stringify` does: `null` if it is not finite. */
  number(value: number): void {
    if (!Number.isInteger(value) || Math.abs(value) >= 1e9) return this.raw(JSON.stringify(value));
    if (value < 0) this.#byte(minus);
    this.#integer(Math.abs(value));
  }

  /** Writes a list of numbers like {@link number}. */
  numbers(values: readonly number[]): void {
    for (let i = 0; i < values.length; i++) {
      this.#byte(i === 0 ? openingBracket : comma);
      this.number(values[i]!);
    }
    this.#endList(values.length);
  }

  /**
   * Writes `value`, rounded to float32, with at most 9 significant digits, whereas float64 could
   * need 17; `null` if it is not finite.
   *
   * @example
   * writer.float32(Math.fround(0.1)); // 0.1, not 0.10000000149011612
   */
  float32(value: number): void {
    singles[0] = value;
    this.#single(0);
  }

  /** Writes a list of numbers like {@link float32}. */
  float32s(values: readonly number[]): void {
    const { length } = values;
    if (length > singles.length) resize(length);
    singles.set(values);
    for (let i = 0; i < length; i++) {
      this.#byte(i === 0 ? openingBracket : comma);
      this.#single(i);
    }
    this.#endList(length);
  }

  #endList(length: number): void {
    if (length === 0) this.#byte(openingBracket);
    this.#byte(closingBracket);
  }

  /** Writes `singles[i]`. */
  #single(i: number): void {
    const value = singles[i]!;
    const magnitude = Math.abs(value);
    if (magnitude === (magnitude | 0)) return this.number(value);
    if (!(magnitude >= 1e-13 && magnitude < 1e7)) {
      return this.number(Number.isFinite(value) ? Number(value.toPrecision(9)) : value);
    }
    let exponent = exponents[(singleBits[i]! >>> 23) & 0xff]!;
    if (magnitude >= decades[exponent + 1 - minExponent]!) exponent++;
    // 9 decimal digits identify every float32, and 7 digits identify many, so try 7 first.
    let fraction = 6 - exponent;
    let digits = (magnitude * powers[fraction]! + 0.5) | 0;
    while (Math.fround(digits / powers[fraction]!) !== magnitude && fraction < 8 - exponent) {
      fraction++;
      digits = (magnitude * powers[fraction]! + 0.5) | 0;
    }
    while (digits % 10 === 0) {
      digits = (digits / 10) | 0;
      fraction--;
    }
    if (value < 0) this.#byte(minus);
    if (exponent < -6) {
      this.number(digits);
      this.raw(`e-${fraction}`);
    } else {
      this.#decimal(digits, fraction, Math.max(1, exponent + 1));
    }
  }

  /** Writes an integer in [0, 2^31). */
  #integer(value: number): void {
    let numDigits = 1;
    for (let limit = 10; limit <= value; limit *= 10) numDigits++;
    this.#reserve(numDigits);
    const bytes = this.#bytes;
    let at = this.#length + numDigits;
    this.#length = at;
    for (let rest = value; numDigits > 0; numDigits--) {
      bytes[--at] = zero + (rest % 10);
      rest = (rest / 10) | 0;
    }
  }

  /** Writes `digits / 10 ** fraction`, which has `whole` digits before the decimal point. */
  #decimal(digits: number, fraction: number, whole: number): void {
    this.#reserve(fraction + whole + 1);
    const bytes = this.#bytes;
    let at = this.#length + fraction + whole + 1;
    this.#length = at;
    let rest = digits;
    for (let i = 0; i < fraction + whole; i++) {
      if (i === fraction) bytes[--at] = point;
      bytes[--at] = zero + (rest % 10);
      rest = (rest / 10) | 0;
    }
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(numBytes: number): void {
    const needed = this.#length + numBytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
