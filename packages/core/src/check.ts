/**
 * Argument checks. All throw immediately, in one form:
 * `function: name[index] must <rule>, got <value>`.
 */

type NumberList = ArrayLike<number>;

function isList(value: number | NumberList): value is NumberList {
  return typeof value !== "number";
}

function checkEach(
  where: string,
  values: Readonly<Record<string, number | NumberList>>,
  isAllowed: (value: number) => boolean,
  rule: string,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (!isList(value)) {
      if (!isAllowed(value)) throw new RangeError(`${where}: ${name} must ${rule}, got ${value}`);
      continue;
    }
    for (let i = 0; i < value.length; i++) {
      const entry = value[i]!;
      if (!isAllowed(entry)) {
        throw new RangeError(`${where}: ${name}[${i}] must ${rule}, got ${entry}`);
      }
    }
  }
}

/**
 * Checks that numbers are finite, alone or in lists.
 * @param where - Name of the calling function, for messages.
 * @throws `RangeError` naming the first value that is NaN or infinite.
 */
export function checkFinite(
  where: string,
  values: Readonly<Record<string, number | NumberList>>,
): void {
  checkEach(where, values, Number.isFinite, "be finite");
}

/**
 * Checks that numbers are finite and at least 0, alone or in lists.
 * @throws `RangeError` naming the first value that is negative, NaN or infinite.
 */
export function checkNonNegative(
  where: string,
  values: Readonly<Record<string, number | NumberList>>,
): void {
  checkEach(where, values, (value) => Number.isFinite(value) && value >= 0, "be finite and >= 0");
}

/**
 * Checks that numbers are finite and above 0, alone or in lists.
 * @throws `RangeError` naming the first value that is 0, negative, NaN or infinite.
 */
export function checkPositive(
  where: string,
  values: Readonly<Record<string, number | NumberList>>,
): void {
  checkEach(where, values, (value) => Number.isFinite(value) && value > 0, "be finite and > 0");
}

/**
 * Checks that numbers are safe integers within bounds, alone or in lists.
 * @throws `RangeError` naming the first value that is not an integer or is out of bounds.
 */
export function checkInteger(
  where: string,
  values: Readonly<Record<string, number | NumberList>>,
  {
    min = Number.MIN_SAFE_INTEGER,
    max = Number.MAX_SAFE_INTEGER,
  }: { readonly min?: number; readonly max?: number } = {},
): void {
  const bounds =
    max !== Number.MAX_SAFE_INTEGER
      ? ` in [${min}, ${max}]`
      : min !== Number.MIN_SAFE_INTEGER
        ? ` >= ${min}`
        : "";
  checkEach(
    where,
    values,
    (value) => Number.isSafeInteger(value) && value >= min && value <= max,
    `be a whole number${bounds}`,
  );
}

/**
 * Checks that lists have the same length.
 * @throws `RangeError`:
 *   `toSamples: advantages and responses must have the same length, got 8 and 7`.
 */
export function checkSameLength(
  where: string,
  lists: Readonly<Record<string, ArrayLike<unknown>>>,
): void {
  const entries = Object.entries(lists);
  const first = entries[0];
  if (!first) return;
  for (const [name, list] of entries) {
    if (list.length !== first[1].length) {
      throw new RangeError(
        `${where}: ${first[0]} and ${name} must have the same length, got ${first[1].length} and ${list.length}`,
      );
    }
  }
}
