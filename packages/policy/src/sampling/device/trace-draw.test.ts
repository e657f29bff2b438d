import { createRandom, type Random } from "@turnwise/core";
import { createReferenceExecutor, trace, type Executor, type Feed } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawToken, isFiltered, type DrawnToken, type DrawOptions } from "../runner/draw-token.ts";
import { drawColumns, greedyScale, largestUniform, traceDraw, traceScore } from "./trace-draw.ts";

/** One row: logits, draw options, and the uniform random number. */
interface Row {
  readonly logits: readonly number[];
  readonly options: DrawOptions;
  readonly uniform: number;
}

/** Draws a token for every row in one program; the result is `[row][column]`. */
async function drawAll(executor: Executor, rows: readonly Row[]): Promise<number[][]> {
  const size = rows[0]!.logits.length;
  const hasFilters = rows.some(({ options }) => isFiltered(options));
  const program = trace((g) => {
    const inputs = {
      logits: g.input("logits", "float32", ["n", size]),
      scales: g.input("scales", "float32", ["n"]),
      uniforms: g.input("uniforms", "float32", ["n"]),
    };
    if (!hasFilters) return { drawn: traceDraw(g, inputs) };
    const minPs = g.input("minPs", "float32", ["n"]);
    const banned = g.input("banned", "int32", ["b"]);
    return { drawn: traceDraw(g, { ...inputs, filters: { minPs, banned } }) };
  });
  const list = (of: (row: Row) => number): Feed => ({
    data: Float32Array.from(rows, of),
    shape: [rows.length],
  });
  const banned = rows.flatMap(({ options }, row) =>
    (options.bannedTokens ?? []).map((token) => row * size + token),
  );
  // An index out of range, like padding.
  banned.push(rows.length * size);
  const logits = Float32Array.from(rows.flatMap((row) => row.logits));
  const executable = await executor.compile(program);
  const { drawn } = await executable.run({
    logits: { data: logits, shape: [rows.length, size] },
    scales: list(({ options: { temperature = 1 } }) =>
      temperature === 0 ? greedyScale : 1 / temperature,
    ),
    uniforms: list(({ options, uniform }) =>
      options.temperature === 0 ? 0 : Math.min(largestUniform, uniform),
    ),
    ...(hasFilters && {
      minPs: list(({ options: { minP = 0 } }) => minP),
      banned: { data: Int32Array.from(banned), shape: [banned.length] },
    }),
  });
  await executable.release();
  return rows.map((_, row) => [...drawn.data.subarray(4 * row, 4 * row + 4)]);
}

/** Random stream with a constant value. */
const always = (uniform: number): Random => ({ ...createRandom(0), next: () => uniform });

const executors = {
  "the reference executor": createReferenceExecutor(),
  "ONNX Runtime": createOnnxExecutor({ threads: 1 }),
};

describe.each(Object.entries(executors))("drawing with %s", (_, executor) => {
  test("draws the token whose cumulative probability interval contains the number", async () => {
    // Weights 1, 0, 2, 1, sum 4: numbers up to 1/4 draw the first token, up to 3/4 the third.
    const logits = [1, 0, 2, 1].map((weight) => Math.max(-1e4, Math.log(weight)));
    const uniforms = [0, 0.2, 0.26, 0.7, 0.76, largestUniform];
    const rows = uniforms.map((uniform) => ({ logits, options: {}, uniform }));
    const drawn = await drawAll(executor, rows);
    expect(drawn.map((row) => row[drawColumns.token])).toEqual([0, 0, 2, 2, 3, 3]);
    expect(drawn[2]![drawColumns.logProb]).toBeCloseTo(Math.log(1 / 2), 6);
    // 1/2 log 2 + 2 * 1/4 log 4
    expect(drawn[0]![drawColumns.entropy]).toBeCloseTo(1.5 * Math.LN2, 6);
  });

  test("takes the first of the largest logits at temperature 0, excluding banned tokens", async () => {
    const logits = [1, 3, 2, 3, 3 - 1e-6];
    const greedy = { temperature: 0 };
    const rows = [greedy, { ...greedy, bannedTokens: [1] }, { ...greedy, bannedTokens: [1, 3] }];
    const drawn = await drawAll(
      executor,
      rows.map((options) => ({ logits, options, uniform: 0 })),
    );
    expect(drawn.map((row) => row[drawColumns.token])).toEqual([1, 3, 4]);
  });

  test("reports a logit that is not finite", async () => {
    for (const wrong of [NaN, Infinity]) {
      const rows = [0, 1].map((temperature) => ({
        logits: [1, wrong, 2],
        options: { temperature },
        uniform: 0,
      }));
      const drawn = await drawAll(executor, rows);
      for (const row of drawn) expect(row[drawColumns.logProb]).toBeNaN();
    }
  });
});

const anyRow = (size: number): fc.Arbitrary<Row> =>
  fc.record({
    logits: fc.array(
      fc.oneof(
        fc.double({ min: -30, max: 30, noNaN: true }),
        // A logit so small that its weight is 0 in float32.
        { weight: 1, arbitrary: fc.constant(-1000) },
        fc.constant(5),
      ),
      { minLength: size, maxLength: size },
    ),
    options: fc.record(
      {
        temperature: fc.constantFrom(0, 0.3, 1, 2),
        minP: fc.constantFrom(0, 0.01, 0.5, 1),
        bannedTokens: fc.uniqueArray(fc.nat(size - 1), { maxLength: size - 1 }),
      },
      { requiredKeys: [] },
    ),
    uniform: fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.constantFrom(0, 1 - 2 ** -53, 1 - 2 ** -24),
    ),
  });

/**
 * Describes the error of a draw, if any. The token must be the one that `drawToken` draws, or, if
 * the number is near a boundary, an allowed neighbor.
 */
function faultOf({ logits, options, uniform }: Row, drawn: readonly number[]): string {
  const [token, logProb, entropy, unfiltered] = drawn as [number, number, number, number];
  const exact = Float32Array.from(logits);
  const draw = (changed: DrawOptions, number: number): DrawnToken =>
    drawToken(exact.slice(), changed, always(number));
  const expected = draw(options, uniform);
  const { temperature = 1, minP = 0, bannedTokens = [] } = options;
  if (bannedTokens.includes(token)) return `${token} is banned`;
  const is = `${token}, not ${expected.token}`;
  if (temperature === 0) return token === expected.token ? "" : is;
  const left = exact.filter((_, id) => !bannedTokens.includes(id));
  const weight = Math.exp((exact[token]! - Math.max(...left)) / temperature);
  // A subnormal weight may count as 0, and a weight at the minP limit may be kept or excluded.
  if (!(weight > 0.9999 * Math.max(1e-46, minP))) return `${is}, of weight ${weight}`;
  if (Math.abs(entropy - expected.entropy) > 5e-5) return `entropy ${entropy}`;
  if (token === expected.token) {
    if (Math.abs(logProb - expected.logProb) > 5e-4) return `log-prob ${logProb}`;
    const isClose = Math.abs(unfiltered - expected.unfilteredLogProb) <= 5e-4;
    return isClose ? "" : `unfiltered log-prob ${unfiltered}`;
  }
  // If numbers or limits are equal up to rounding, either token is allowed; if no token remains,
  // the heaviest.
  const [before, after] = [-1e-5, 1e-5].map((change) => {
    const number = Math.min(1 - 2 ** -53, Math.max(0, uniform + change));
    return draw({ ...options, minP: Math.min(1, minP * (1 + change)) }, number).token;
  });
  const isNear = token >= Math.min(before!, after!) && token <= Math.max(before!, after!);
  return isNear || weight === 1 ? "" : is;
}

test("draws like drawToken, and never an excluded token", async () => {
  // A vocabulary of prime size needs padding; sizes 27 and 1 do not.
  const anyRows = fc
    .constantFrom(1, 2, 27, 37, 120)
    .chain((size) => fc.array(anyRow(size), { minLength: 1, maxLength: 4 }));
  await fc.assert(
    fc.asyncProperty(anyRows, async (rows) => {
      const drawn = await drawAll(executors["ONNX Runtime"], rows);
      expect(rows.map((row, i) => faultOf(row, drawn[i]!))).toEqual(rows.map(() => ""));
    }),
  );
});

test("draws tokens with their probabilities from a large vocabulary", async () => {
  const size = 5003;
  const random = createRandom("often");
  const logits = Array.from({ length: size }, () => 4 * random.next());
  const rows = Array.from({ length: 64 }, (_, i) => ({
    logits,
    options: {},
    uniform: (i + 0.5) / 64,
  }));
  const drawn = await drawAll(executors["ONNX Runtime"], rows);
  const expected = rows.map(
    ({ uniform }) => drawToken(Float32Array.from(logits), {}, always(uniform)).token,
  );
  expect(drawn.map((row) => row[drawColumns.token])).toEqual(expected);
});

test("scores targets at temperature 1", async () => {
  const program = trace((g) => {
    const logits = g.input("logits", "float32", ["n", 3]);
    return { scores: traceScore(g, logits, g.input("targets", "int32", ["n"])) };
  });
  const executable = await executors["ONNX Runtime"].compile(program);
  const { scores } = await executable.run({
    logits: { data: Float32Array.of(0, 0, 0, 1, Infinity, 1), shape: [2, 3] },
    targets: { data: Int32Array.of(2, 0), shape: [2] },
  });
  expect(scores.data[0]).toBeCloseTo(-Math.log(3), 6);
  expect(scores.data[1]).toBeCloseTo(Math.log(3), 6);
  expect(scores.data[3]).toBeNaN();
  await executable.release();
});
