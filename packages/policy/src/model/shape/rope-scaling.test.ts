import { expect, test } from "vitest";
import {
  readRope,
  ropeScalingJson,
  rotaryFrequencies,
  rotaryMagnitude,
  type RopeScaling,
} from "./rope-scaling.ts";

const read = (json: Record<string, unknown>, maxSequenceTokens = 4096): RopeScaling =>
  readRope(json, "c", maxSequenceTokens).ropeScaling;

/** Compares frequencies with expected values, to float32 precision. */
function expectFrequencies(
  shape: Parameters<typeof rotaryFrequencies>[0],
  expected: readonly number[],
): void {
  const found = rotaryFrequencies(shape);
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => expect(found[i]! / value).toBeCloseTo(1, 6));
}

test("rotates the pairs of a head by powers of the base", () => {
  // 10000 ** -[0, 1/4, 1/2, 3/4]
  const shape = { headSize: 8, ropeTheta: 10000, ropeScaling: { kind: "none" } as const };
  expectFrequencies(shape, [1, 0.1, 0.01, 0.001]);
});

test("linear scaling divides every frequency", () => {
  const ropeScaling = read({ rope_scaling: { type: "linear", factor: 4 } });
  expect(ropeScaling).toEqual({ kind: "linear", factor: 4 });
  const shape = { headSize: 8, ropeTheta: 10000, ropeScaling };
  expectFrequencies(shape, [0.25, 0.025, 0.0025, 0.00025]);
});

test("llama3 scaling keeps fast frequencies, divides slow ones, and interpolates in between", () => {
  const ropeScaling = read({
    rope_scaling: {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 1200,
    },
  });
  // Turns within 1200 tokens, f * 1200 / 2 pi: 190.99, 19.099, 1.90986, 0.190986. The third
  // frequency is interpolated: weight (1.90986 - 1) / (4 - 1) = 0.303286 for 0.01, the rest for
  // 0.00125.
  const share = (12 / (2 * Math.PI) - 1) / 3;
  expect(share).toBeCloseTo(0.303286, 6);
  const shape = { headSize: 8, ropeTheta: 10000, ropeScaling };
  expectFrequencies(shape, [1, 0.1, share * 0.01 + (1 - share) * 0.00125, 0.000125]);
  expect(rotaryMagnitude(shape)).toBe(1);
});

test("yarn interpolates from fast to slow frequencies along their index", () => {
  const given = {
    rope_type: "yarn",
    factor: 4,
    original_max_position_embeddings: 1000,
    beta_fast: 10,
    beta_slow: 1,
  };
  // Index of the frequency that makes t turns: 8 ln(1000 / (2 pi t)) / (2 ln 10000) = 1.2019 for t
  // = 10 and 2.2019 for t = 1.
  const rounded = read({ rope_scaling: given });
  // The ramp goes from index 1 to 3: weights of the slow frequency 0, 0, 1/2, 1.
  const shape = { headSize: 8, ropeTheta: 10000, ropeScaling: rounded };
  expectFrequencies(shape, [1, 0.1, 0.5 * 0.01 + 0.5 * 0.0025, 0.00025]);
  // 0.1 ln 4 + 1
  expect(rotaryMagnitude(shape)).toBeCloseTo(1.1386294, 7);

  // Without rounding, the ramp goes from 1.2019 to 2.2019: weight 0.7981 at index 2.
  const exact = read({ rope_scaling: { ...given, truncate: false } });
  const position = (4 * Math.log10(1000 / (2 * Math.PI * 10))) / 4;
  const share = 2 - position;
  expect(share).toBeCloseTo(0.79818, 5);
  expectFrequencies({ ...shape, ropeScaling: exact }, [
    1,
    0.1,
    share * 0.0025 + (1 - share) * 0.01,
    0.00025,
  ]);
});

test("yarn derives its factor from the lengths, and reads its magnitude from the file", () => {
  const given = { rope_type: "yarn", original_max_position_embeddings: 1024 };
  expect(read({ rope_parameters: given })).toEqual({
    kind: "yarn",
    factor: 4,
    betaFast: 32,
    betaSlow: 1,
    attentionFactor: 0.1 * Math.log(4) + 1,
    truncate: true,
    originalMaxTokens: 1024,
  });
  const magnitude = (more: Record<string, unknown>): number =>
    rotaryMagnitude({ ropeScaling: read({ rope_parameters: { ...given, ...more } }) });
  expect(magnitude({ attention_factor: 1.5 })).toBe(1.5);
  expect(magnitude({ mscale: 2, mscale_all_dim: 1 })).toBeCloseTo(
    (0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1),
    12,
  );
  // A factor of 1 needs no magnitude correction.
  expect(magnitude({ factor: 1 })).toBe(1);
});

test("takes the base from either place", () => {
  expect(readRope({ rope_theta: 5e5 }, "c", 10).ropeTheta).toBe(5e5);
  const newer = { rope_parameters: { rope_type: "default", rope_theta: 1e6 }, rope_theta: 5e5 };
  expect(readRope(newer, "c", 10).ropeTheta).toBe(1e6);
  expect(readRope({}, "c", 10).ropeTheta).toBe(10000);
});

const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };

test.each([
  [
    { rope_scaling: { type: "dynamic", factor: 2 } },
    'c: rope_scaling.rope_type must be "default", "linear", "llama3" or "yarn", got "dynamic"',
  ],
  [
    { rope_parameters: { rope_type: "longrope", short_factor: [1] } },
    'c: rope_parameters.rope_type must be "default", "linear", "llama3" or "yarn", got "longrope"',
  ],
  [
    { rope_scaling: { type: "linear" } },
    "c: rope_scaling.factor must be a number > 0, got undefined",
  ],
  [{ rope_scaling: { type: "linear", factor: -2 } }, "factor must be a number > 0, got -2"],
  [{ rope_scaling: llama3 }, "original_max_position_embeddings must be a number > 0"],
  [
    { rope_scaling: { ...llama3, high_freq_factor: 1 } },
    "c: rope_scaling.high_freq_factor must be above low_freq_factor 1, got 1",
  ],
  [
    { rope_scaling: { type: "default", mrope_section: [16, 24, 24] } },
    'c: rope_scaling.mrope_section must be absent for rope_type "default", got [16,24,24]',
  ],
  [
    { rope_parameters: { rope_type: "default", partial_rotary_factor: 0.5 } },
    'partial_rotary_factor must be absent for rope_type "default", got 0.5',
  ],
  [
    { rope_parameters: { rope_type: "default" }, rope_scaling: { type: "yarn", factor: 2 } },
    "c: rope_scaling must agree with rope_parameters",
  ],
  [{ rope_theta: 1 }, "c: rope_theta must be a number > 1, got 1"],
  [{ rope_scaling: "yarn" }, 'c: rope_scaling must be an object, got "yarn"'],
])("refuses %j by name", (json, message) => {
  expect(() => read(json)).toThrow(message);
});

test("ignores fields of other kinds with a warning, as transformers does", async () => {
  // Fields of DeepSeek-R1-0528-Qwen3-8B.
  const given = {
    rope_type: "yarn",
    factor: 4,
    original_max_position_embeddings: 32768,
    attn_factor: 0.8782488562869419,
  };
  const { attn_factor: _, ...rest } = given;
  const warnings: string[] = [];
  const listen = (warning: Error): void =>
    void warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", listen);
  expect(read({ rope_scaling: given })).toEqual(read({ rope_scaling: rest }));
  expect(read({ rope_scaling: given })).toEqual(read({ rope_scaling: rest }));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(warnings).toEqual([
    'TurnwiseWarning: c: ignored rope_scaling.attn_factor 0.8782488562869419, which is not a field of rope_type "yarn" (transformers ignores it too)',
  ]);
});

test("is written in a form that is read back", () => {
  for (const given of [
    { rope_type: "default" },
    { rope_type: "linear", factor: 3 },
    { ...llama3, original_max_position_embeddings: 100 },
    { rope_type: "yarn", factor: 4, beta_fast: 20, truncate: false, mscale: 2, mscale_all_dim: 1 },
  ]) {
    const scaling = read({ rope_parameters: given });
    expect(read({ rope_parameters: ropeScalingJson(scaling) })).toEqual(scaling);
  }
});
