import { afterEach, describe, expect, it, vi } from "vitest";
import { InputError } from "../input-error.ts";
import { checkVariableName, readApiKey } from "./read-api-key.ts";

afterEach(() => vi.unstubAllEnvs());

describe("readApiKey", () => {
  it("reads the variable, or none", () => {
    vi.stubEnv("TURNWISE_TEST_KEY", "s3cret");
    expect(readApiKey("apiKeyVariable", "TURNWISE_TEST_KEY")).toEqual({ apiKey: "s3cret" });
    expect(readApiKey("apiKeyVariable", null)).toEqual({});
  });

  it("names the variable that is not set", () => {
    vi.stubEnv("TURNWISE_TEST_KEY", "");
    for (const name of ["TURNWISE_TEST_KEY", "TURNWISE_NO_SUCH_KEY_2"]) {
      expect(() => readApiKey("apiKeyVariable", name)).toThrow(
        `apiKeyVariable: environment variable ${name} must be set, got none`,
      );
    }
  });

  it.each(["sk-proj-S3cret", "hf_S3cret", "AKIA3S3CRET7EXAMPLE", "0S3cret"])(
    "does not repeat a key in place of a name: %s",
    (key) => {
      const read = (): unknown => readApiKey("model.apiKeyVariable", key);
      expect(read).toThrow(InputError);
      expect(read).toThrow("model.apiKeyVariable");
      expect(read).not.toThrow(/s3cret/iu);
    },
  );
});

describe("checkVariableName", () => {
  it("accepts names, and refuses what cannot be one", () => {
    checkVariableName("apiKeyVariable", "my_key2");
    expect(() => checkVariableName("apiKeyVariable", "sk-1")).toThrow(
      "apiKeyVariable must be the name of an environment variable, such as API_KEY, got 4 characters that cannot be a name (never put a key itself in a file)",
    );
  });
});
