/**
 * Asserts that two numbers are close: within `room * max(1, |expected|)`. For laws and tests.
 * @throws `Error` that names the compared quantity; also for NaN.
 */
export function expectNear(what: string, got: number, expected: number, room = 1e-9): void {
  const gap = Math.abs(got - expected);
  if (gap <= room * Math.max(1, Math.abs(expected))) return;
  throw new Error(`${what} must be ${expected}, got ${got}`);
}

/**
 * Asserts that two lists have the same length and close entries.
 * @throws `Error` like {@link expectNear}.
 */
export function expectAllNear(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  room = 1e-9,
): void {
  if (got.length !== expected.length) {
    throw new Error(`${what} must have length ${expected.length}, got ${got.length}`);
  }
  for (let i = 0; i < got.length; i++) expectNear(`${what}[${i}]`, got[i]!, expected[i]!, room);
}

/** Asserts a condition of a law. @throws `Error` with the message. */
export function expectThat(statement: boolean, message: string): void {
  if (!statement) throw new Error(message);
}
