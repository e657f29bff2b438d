import { describe, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { checkConfig, resolveEngineDevice, resolveConfig } from "./config.ts";
import { softwareDemo } from "../experiments/software.ts";
import { InputError } from "../input-error.ts";

const base = householdGames(1);

describe("resolveConfig", () => {
  it("merges changes into an experiment and keeps the rest", () => {
    const config = resolveConfig(base, { training: { iterations: 3 } }, "my.json");
    expect(config).toMatchObject({ ...base, training: { ...base.training, iterations: 3 } });
  });

  it("names the file, the field, the rule and the value", () => {
    const attempt = (changes: unknown) => () => resolveConfig(base, changes, "my.json");
    expect(attempt({ training: { learnngRate: 1 } })).toThrow(InputError);
    expect(attempt({ training: { learnngRate: 1 } })).toThrow(
      /^my\.json: training\.learnngRate must be a known key \(did you mean training\.learningRate\?\); known keys: .*learningRate/u,
    );
    expect(attempt({ trainning: {} })).toThrow(/^my\.json: trainning must be a known key/u);
    expect(attempt({ training: { learningRate: -1 } })).toThrow(
      /^my\.json: training\.learningRate must be > 0, got -1$/u,
    );
    expect(attempt({ tasks: { evaluation: [{ split: "x", numTasks: 1.5 }] } })).toThrow(
      /^my\.json: tasks\.evaluation\.0\.numTasks must be .*, got 1\.5$/u,
    );
    expect(attempt([])).toThrow("my.json: config must be an object of settings, got []");
  });

  it("refuses models whose parts do not fit together", () => {
    expect(() => resolveConfig(base, { model: { hiddenSize: 100 } }, "f")).toThrow(
      "f: model.hiddenSize must be a multiple of 2 x model.numHeads (8), got 100",
    );
    expect(() => resolveConfig(base, { engine: { weightStorage: "stored" } }, "f")).toThrow(
      "f: engine.weightStorage must be auto or float32 unless an adapter is trained, got stored",
    );
    expect(() => resolveConfig(base, { model: { numKeyValueHeads: 3 } }, "f")).toThrow(
      "f: model.numKeyValueHeads must divide model.numHeads (4), got 3",
    );
  });

  it("refuses secrets in the address of a server and in place of a variable's name, unrepeated", () => {
    const server = {
      source: "tinker",
      url: "https://host",
      baseModel: "m",
      tokenizer: "folder",
      rank: 8,
      lossScale: "sum",
      apiKeyVariable: null,
      maxTokens: 64,
    };
    const attempt = (changes: object) => () =>
      resolveConfig(base, { model: { ...server, ...changes } }, "f");
    // Address and variable name are checked before settings that the server does not support.
    expect(attempt({})).toThrow("f: warmStart.numDemonstrations must be 0");
    expect(attempt({ url: "https://me:s3cret@host" })).toThrow(
      /^f: model\.url must have no user, password, query or fragment, got one at host$/u,
    );
    expect(attempt({ apiKeyVariable: "sk-s3cret" })).toThrow(
      /^f: model\.apiKeyVariable must be the name of an environment variable, such as API_KEY, got 9 characters/u,
    );
    const send = (changes: object) => () =>
      resolveConfig(base, { exports: [{ kind: "mlflow", url: "https://host", ...changes }] }, "f");
    expect(send({})).not.toThrow();
    expect(send({ url: "https://me:s3cret@host" })).toThrow(
      /^f: exports\[0\]\.url must have no user, password, query or fragment, got one at host$/u,
    );
    expect(send({ tokenVariable: "sk-s3cret" })).toThrow(
      /^f: exports\[0\]\.tokenVariable must be the name of an environment variable/u,
    );
  });

  it("refuses products that a provider does not have", () => {
    const engine = { provider: "cuda", products: "bfloat16", gpu: 1 };
    expect(resolveEngineDevice(resolveConfig(base, { engine }, "f"))).toEqual({
      provider: "cuda",
      products: "bfloat16",
      deviceId: 1,
    });
    expect(() => resolveConfig(base, { engine: { ...engine, provider: "webgpu" } }, "f")).toThrow(
      "f: engine: deviceId must be 0 on webgpu, got 1",
    );
    expect(() => resolveConfig(base, { engine: { products: "float16" } }, "f")).toThrow(
      "f: engine: products must be one of float32 on cpu, got float16",
    );
  });
});

describe("checkConfig", () => {
  it("resumes a run from before strict grading with official grading; new runs are strict", () => {
    const config = softwareDemo(1);
    if (config.tasks.environment !== "swebench") throw new Error(config.tasks.environment);
    const { grading, testTimeout: _timeout, outOfMemory: _memory, ...tasks } = config.tasks;
    const { skipInvalid: _skip, fields: _fields, ...older } = tasks;
    expect(grading).toBe("strict");
    expect(checkConfig({ ...config, tasks: older }, "config.json").tasks).toEqual({
      ...config.tasks,
      grading: "official",
    });
    const mapped = resolveConfig(
      config,
      { tasks: { fields: { image: "docker.image" } } },
      "my.json",
    );
    expect(mapped.tasks).toMatchObject({ fields: { image: "docker.image" }, grading: "strict" });
  });

  it("accepts the settings of an experiment, also after a JSON round trip", () => {
    expect(checkConfig(JSON.parse(JSON.stringify(base)), "config.json")).toMatchObject(base);
  });
});
