import { expect, test } from "vitest";
import { configText } from "./config-fields.ts";

test("writes whole fractions with a decimal point, and counts without", () => {
  const json = {
    rope_theta: 1e6,
    hidden_size: 64,
    rms_norm_eps: 1e-6,
    rope_parameters: { factor: 8, rope_type: "llama3", low_freq_factor: 1 },
    attention_dropout: 0,
  };
  const text = configText(json);
  expect(text).toContain('"rope_theta": 1000000.0,');
  expect(text).toContain('"hidden_size": 64,');
  expect(text).toContain('"rms_norm_eps": 0.000001,');
  expect(text).toContain('"factor": 8.0,');
  expect(text).toContain('"low_freq_factor": 1.0\n');
  expect(text).toContain('"attention_dropout": 0.0\n');
  expect(JSON.parse(text)).toEqual(json);
});
