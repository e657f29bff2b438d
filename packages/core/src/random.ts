import { checkInteger } from "./check.ts";

/**
 * Stream of pseudo-random numbers, determined by its seed. Streams can be forked by name, so that
 * the number of draws in one part of a program does not affect the others.
 */
export interface Random {
  /** Next number, uniform in [0, 1), with 53 random bits. */
  next(): number;
  /**
   * Whole number, uniform in [0, limit).
   * @throws `RangeError` unless `limit` is a whole number >= 1.
   */
  integer(limit: number): number;
  /** One entry, drawn uniformly. @throws `RangeError` for an empty list. */
  choice<T>(values: readonly T[]): T;
  /** New array with the same entries in random order, all orders equally likely. */
  shuffle<T>(values: readonly T[]): T[];
  /**
   * Stream determined by this stream's seed and the label alone, however many numbers were drawn
   * before.
   */
  fork(label: string): Random;
  /** Initial seed followed by all fork labels, for manifests and messages. */
  readonly seed: string;
}

/**
 * Hashes text to the four 32-bit words that start a stream: cyrb128, a public-domain string hash.
 */
function hash(text: string): [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ code, 597399067);
    b = c ^ Math.imul(b ^ code, 2869860233);
    c = d ^ Math.imul(c ^ code, 951274213);
    d = a ^ Math.imul(d ^ code, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  const mixed = a ^ b ^ c ^ d;
  return [mixed >>> 0, (b ^ mixed) >>> 0, (c ^ mixed) >>> 0, (d ^ mixed) >>> 0];
}

/**
 * Creates a {@link Random} from a seed. The generator is sfc32 (C. Doty-Humphrey's PractRand),
 * seeded by a hash of the seed's text; the same seed gives the same numbers on every machine.
 * @param seed - A whole number or any text.
 */
export function createRandom(seed: number | string): Random {
  if (typeof seed === "number") checkInteger("createRandom", { seed });
  const name = String(seed);
  let [a, b, c, counter] = hash(name);
  const word = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return result >>> 0;
  };
  // The first outputs still correlate with the hash; the author of sfc32 recommends twelve warm-up
  // rounds.
  for (let round = 0; round < 12; round++) word();

  const next = (): number => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
  const integer = (limit: number): number => {
    checkInteger("Random.integer", { limit }, { min: 1 });
    return Math.floor(next() * limit);
  };
  return {
    seed: name,
    next,
    integer,
    choice: (values) => {
      if (values.length === 0) {
        throw new RangeError("Random.choice: values must not be empty, got length 0");
      }
      return values[integer(values.length)]!;
    },
    shuffle: (values) => {
      const shuffled = [...values];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
    fork: (label) => createRandom(`${name}/${label}`),
  };
}
