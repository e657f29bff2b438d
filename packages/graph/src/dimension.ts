/**
 * Size of one axis: an integer, or a formula over named sizes such as `"batch"`,
 * `"batch*time"`, `"past + time"` or `"floor(batch*time/4)"`. Named sizes get their value when a
 * program runs, from the shapes of its inputs, so that one program works for all lengths.
 *
 * Formulas are polynomials with integer coefficients. They are stored in a canonical spelling, so
 * that equal sizes are equal strings.
 */
export type Dimension = number | string;

/** Factor of a term: a named size, or a quotient rounded down. */
export type Factor =
  | { readonly text: string; readonly kind: "name" }
  | {
      readonly text: string;
      readonly kind: "floor";
      readonly numerator: Dimension;
      readonly divisor: number;
    };

/** Term of a formula; without factors it is a constant. */
export interface Term {
  readonly factors: readonly Factor[];
  readonly coefficient: number;
}

/** Terms, keyed by the spelling of their factors. */
type Polynomial = ReadonlyMap<string, Term>;

function polynomial(terms: Iterable<Term>): Polynomial {
  const sum = new Map<string, Term>();
  for (const { factors, coefficient } of terms) {
    const key = factors.map((factor) => factor.text).join("*");
    const total = (sum.get(key)?.coefficient ?? 0) + coefficient;
    if (total === 0) sum.delete(key);
    else sum.set(key, { factors, coefficient: total });
  }
  return sum;
}

function scaleTerms(a: Polynomial, scale: number): Term[] {
  return Array.from(a.values(), ({ factors, coefficient }) => ({
    factors,
    coefficient: coefficient * scale,
  }));
}

function multiply(a: Polynomial, b: Polynomial): Polynomial {
  const terms: Term[] = [];
  for (const x of a.values()) {
    for (const y of b.values()) {
      const factors = [...x.factors, ...y.factors].sort((p, q) => (p.text < q.text ? -1 : 1));
      terms.push({ factors, coefficient: x.coefficient * y.coefficient });
    }
  }
  return polynomial(terms);
}

function floorDivide(numerator: Polynomial, divisor: number): Polynomial {
  const terms = [...numerator.values()];
  if (terms.every(({ coefficient }) => coefficient % divisor === 0)) {
    return polynomial(
      terms.map(({ factors, coefficient }) => ({ factors, coefficient: coefficient / divisor })),
    );
  }
  const inner = spell(numerator);
  if (typeof inner === "number") {
    return polynomial([{ factors: [], coefficient: Math.floor(inner / divisor) }]);
  }
  const text = `floor(${inner.includes(" ") ? `(${inner})` : inner}/${divisor})`;
  const factor: Factor = { text, kind: "floor", numerator: inner, divisor };
  return polynomial([{ factors: [factor], coefficient: 1 }]);
}

function spell(formula: Polynomial): Dimension {
  const terms = [...formula.entries()].sort(
    ([keyA, a], [keyB, b]) =>
      b.factors.length - a.factors.length ||
      Math.sign(b.coefficient) - Math.sign(a.coefficient) ||
      (keyA < keyB ? -1 : 1),
  );
  if (terms.length === 0) return 0;
  if (terms.length === 1 && terms[0]![0] === "") return terms[0]![1].coefficient;
  let text = "";
  for (const [key, { coefficient }] of terms) {
    if (text === "") text = coefficient < 0 ? "-" : "";
    else text += coefficient < 0 ? " - " : " + ";
    const size = Math.abs(coefficient);
    text += key === "" ? `${size}` : size === 1 ? key : `${size}*${key}`;
  }
  return text;
}

/**
 * Parses a formula: `sum = [-] term {(+|-) term}`, `term = factor {* factor}`, and a factor is an
 * integer, a name, `(sum)` or `floor(sum/number)`.
 */
function read(text: string): Polynomial {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|\S/g) ?? [];
  let at = 0;
  const fail = (): never => {
    throw new RangeError(
      `dimension: formula must consist of whole numbers, names, +, -, * and floor(formula/number), got ${JSON.stringify(text)}`,
    );
  };
  const take = (expected: string): void => {
    if (tokens[at++] !== expected) fail();
  };
  const factor = (): Polynomial => {
    const token = tokens[at++];
    if (token === undefined) return fail();
    if (/^\d/.test(token)) return polynomial([{ factors: [], coefficient: Number(token) }]);
    if (token === "(") {
      const inner = sum();
      take(")");
      return inner;
    }
    if (token === "floor") {
      take("(");
      const numerator = sum();
      take("/");
      const divisor = Number(tokens[at++]);
      take(")");
      if (!Number.isSafeInteger(divisor) || divisor < 1) fail();
      return floorDivide(numerator, divisor);
    }
    if (!/^[A-Za-z_]/.test(token)) fail();
    return polynomial([{ factors: [{ text: token, kind: "name" }], coefficient: 1 }]);
  };
  const term = (): Polynomial => {
    let product = factor();
    while (tokens[at] === "*") {
      at++;
      product = multiply(product, factor());
    }
    return product;
  };
  const sum = (): Polynomial => {
    const terms: Term[] = [];
    let sign = 1;
    if (tokens[at] === "-") {
      at++;
      sign = -1;
    }
    for (;;) {
      terms.push(...scaleTerms(term(), sign));
      if (tokens[at] !== "+" && tokens[at] !== "-") return polynomial(terms);
      sign = tokens[at++] === "+" ? 1 : -1;
    }
  };
  const formula = sum();
  if (at < tokens.length) fail();
  return formula;
}

/** Cache of parsed formulas, because programs use a few formulas many times. */
const formulas = new Map<string, Polynomial>();

function toPolynomial(dimension: Dimension): Polynomial {
  if (typeof dimension === "string") {
    const known = formulas.get(dimension);
    if (known) return known;
    const formula = read(dimension);
    formulas.set(dimension, formula);
    return formula;
  }
  if (!Number.isSafeInteger(dimension)) {
    throw new RangeError(`dimension: size must be a whole number, got ${dimension}`);
  }
  return polynomial([{ factors: [], coefficient: dimension }]);
}

/**
 * Converts a size to its canonical spelling.
 * @throws `RangeError` for a number that is not whole, or text that is not a formula.
 *
 * @example
 * canonicalDimension("time*2*batch"); // "2*batch*time"
 */
export function canonicalDimension(dimension: Dimension): Dimension {
  return spell(toPolynomial(dimension));
}

/** Product of sizes; 1 for an empty list. */
export function multiplyDimensions(...dimensions: readonly Dimension[]): Dimension {
  return spell(dimensions.map(toPolynomial).reduce(multiply, toPolynomial(1)));
}

/** Sum of sizes; 0 for an empty list. */
export function addDimensions(...dimensions: readonly Dimension[]): Dimension {
  return spell(
    polynomial(dimensions.flatMap((dimension) => scaleTerms(toPolynomial(dimension), 1))),
  );
}

/** `a - b`. */
export function subtractDimensions(a: Dimension, b: Dimension): Dimension {
  return spell(polynomial([...scaleTerms(toPolynomial(a), 1), ...scaleTerms(toPolynomial(b), -1)]));
}

/**
 * `floor(dimension / divisor)`.
 * @throws `RangeError` unless `divisor` is whole and `>= 1`.
 */
export function floorDivideDimension(dimension: Dimension, divisor: number): Dimension {
  if (!Number.isSafeInteger(divisor) || divisor < 1) {
    throw new RangeError(
      `floorDivideDimension: divisor must be a whole number >= 1, got ${divisor}`,
    );
  }
  return spell(floorDivide(toPolynomial(dimension), divisor));
}

/** Terms of a formula. */
export function dimensionTerms(dimension: Dimension): readonly Term[] {
  return [...toPolynomial(dimension).values()];
}

/** Named sizes in a formula, each once. */
export function dimensionNames(dimension: Dimension): readonly string[] {
  if (typeof dimension === "number") return [];
  const names = new Set<string>();
  for (const { factors } of dimensionTerms(dimension)) {
    for (const factor of factors) {
      if (factor.kind === "name") names.add(factor.text);
      else for (const name of dimensionNames(factor.numerator)) names.add(name);
    }
  }
  return [...names];
}

/**
 * Evaluates a formula.
 * @throws `RangeError` if a named size has no value.
 */
export function evaluateDimension(
  dimension: Dimension,
  sizes: ReadonlyMap<string, number>,
): number {
  if (typeof dimension === "number") return dimension;
  let total = 0;
  for (const { factors, coefficient } of dimensionTerms(dimension)) {
    let product = coefficient;
    for (const factor of factors) {
      if (factor.kind === "floor") {
        product *= Math.floor(evaluateDimension(factor.numerator, sizes) / factor.divisor);
        continue;
      }
      const size = sizes.get(factor.text);
      if (size === undefined) {
        throw new RangeError(`evaluateDimension: ${factor.text} must have a value, got none`);
      }
      product *= size;
    }
    total += product;
  }
  return total;
}
