import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, type TrainingRow } from "@turnwise/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeAdapter } from "../checkpoints/adapter-checkpoint.ts";
import { describeWeights, readCheckpoint, writeCheckpoint } from "../checkpoints/checkpoint.ts";
import { adapterConfig, adapterTable } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { drawParameters, countElements, type Parameters } from "../model/shape/parameters.ts";
import { initialParameters, parameterTable } from "../model/parameter-table.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { createLocalSampler } from "./create-local-sampler.ts";
import { type LocalSamplerOptions } from "./local-options.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { type LocalPolicyOptions } from "./local-options.ts";
import { chooseWeightStorage, type WeightStorage } from "./weight-storage.ts";

// Large enough that its matrices stay memory-mapped; small matrices are read into memory.
const config = smallModelConfig({ vocabularySize: 600, hiddenSize: 256, numLayers: 2 });
const adapter = adapterConfig(config, { rank: 4 }, "test");
const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g"]));
let directory: string;
let model: string;
let peft: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "turnwise-storage-"));
  model = join(directory, "model");
  peft = join(directory, "peft");
  const parameters = initialParameters(config, "stored");
  await writeCheckpoint(model, { config, parameters }, { type: "BF16" });
  // Adapter with random matrices, because `B` of a new adapter is 0.
  const table = adapterTable(config, adapter).map((each) => ({
    ...each,
    initial: "normal" as const,
  }));
  const drawn = drawParameters(table, { ...config, initializerRange: 0.2 }, "adapter");
  await writeAdapter(peft, config, { config: adapter, parameters: drawn });
});

afterAll(() => rm(directory, { recursive: true }));

const request = (seed: string, length: number) => ({
  promptTokens: Array.from({ length }, (_, i) => (37 * i + 11 * seed.length) % 600),
  seed,
  maxTokens: 12,
  stopTokens: [],
});

async function sampleBy(options: Partial<LocalSamplerOptions>, company = 0) {
  const standalone = await createLocalSampler({
    model,
    threads: 2,
    thread: "same",
    ...options,
  });
  try {
    const others = Array.from({ length: company }, (_, i) =>
      standalone.sampler.sample(request(`${i}`, 20 + i)),
    );
    const response = await standalone.sampler.sample(request("own", 40));
    await Promise.all(others);
    return response;
  } finally {
    await standalone.close();
  }
}

describe("memory-mapped weights", () => {
  it.each([false, true])("sample like float32 weights; with an adapter: %s", async (adapted) => {
    const options = adapted ? { adapter: peft } : {};
    const wide = await sampleBy({ ...options, weightStorage: "float32" });
    const stored = await sampleBy({ ...options, weightStorage: "stored" });
    expect(stored.tokens).toEqual(wide.tokens);
    // Products are summed in a different order, and the adapter is computed separately instead of
    // merged.
    wide.logProbs.forEach((value, i) => expect(stored.logProbs[i]).toBeCloseTo(value, 4));
    wide.entropies.forEach((value, i) => expect(stored.entropies[i]).toBeCloseTo(value, 4));
  });

  it("are bit-identical in any batch", async () => {
    const alone = await sampleBy({ weightStorage: "stored" });
    expect(await sampleBy({ weightStorage: "stored" }, 30)).toEqual(alone);
  });

  it("are checked before any work", async () => {
    const broken = join(directory, "broken");
    await writeCheckpoint(
      broken,
      { config, parameters: initialParameters(config, 1) },
      { type: "BF16" },
    );
    const path = join(broken, "model.safetensors");
    const bytes = await readFile(path);
    // Overwrite the last entry of the file, which belongs to the last parameter.
    bytes.writeUInt16LE(0x7fc0, bytes.length - 2);
    await writeFile(path, bytes);
    await expect(sampleBy({ model: broken, weightStorage: "stored" })).rejects.toThrow(
      `${path}: model.norm.weight[255] must be finite, got NaN`,
    );
    await writeFile(path, bytes.subarray(0, -2));
    await expect(sampleBy({ model: broken, weightStorage: "stored" })).rejects.toThrow(
      "must end within the file",
    );
  });
});

describe("an adapter on a memory-mapped model", () => {
  const create = (weightStorage: WeightStorage, overrides: Partial<LocalPolicyOptions> = {}) =>
    createLocalPolicy({
      model,
      tokenizer,
      weightStorage,
      adapter: {
        rank: 4,
        targetModules: ["q_proj", "down_proj"],
        modulesToSave: ["norm", "up_proj"],
      },
      optimizer: { learningRate: { peak: 0.01 } },
      threads: 2,
      thread: "same",
      ...overrides,
    });
  const rows = Array.from({ length: 3 }, (_, row): TrainingRow => {
    const tokens = Array.from({ length: 40 + row }, (_entry, i) => (13 * i + 7 * row) % 600);
    const weights = new Float32Array(20).fill(1 / 60);
    return { tokens, spans: [{ turnIndex: 0, start: 10, length: 20 }], weights, fields: {} };
  });

  /** Losses and scores of a policy before and after a few updates. */
  async function follow(policy: LocalPolicy): Promise<number[]> {
    const { learner, sampler } = policy;
    const scores = async (score: typeof learner.score): Promise<number[]> =>
      (await score(rows)).flatMap(({ spans }) => spans.flatMap(({ logProbs }) => [...logProbs]));
    const sampled = async (): Promise<number[]> => {
      const { tokens, logProbs } = await sampler.sample(request("own", 30));
      return [...tokens, ...logProbs];
    };
    const numbers = [...(await sampled())];
    for (let update = 0; update < 5; update++) {
      const { loss, gradientNorm } = await learner.update(rows, crossEntropy);
      numbers.push(loss, gradientNorm);
    }
    numbers.push(...(await scores((all) => learner.score(all))));
    numbers.push(...(await scores((all) => learner.reference!.score(all))));
    await sampler.load(learner.weights());
    numbers.push(...(await sampled()));
    await policy.close();
    return numbers;
  }

  it.each([false, true])(
    "learns as on float32 weights; recomputed layers: %s",
    async (recomputeLayers) => {
      const wide = await follow(await create("float32", { recomputeLayers }));
      const stored = await follow(await create("stored", { recomputeLayers }));
      expect(stored.length).toBe(wide.length);
      // AdamW's first steps have the same size for small and large gradients, so they reveal
      // relative errors.
      stored.forEach((value, i) => expect(Math.abs(value - wide[i]!)).toBeLessThan(2e-3));
    },
  );

  it("is saved, and saved as a full model, as on float32 weights", async () => {
    const saved: Parameters[] = [];
    for (const storage of ["float32", "stored"] as const) {
      const policy = await create(storage);
      await policy.learner.update(rows, crossEntropy);
      const folder = join(directory, storage);
      await policy.saveModel(folder);
      await policy.save(join(folder, "adapter"));
      await policy.learner.restore(join(folder, "adapter"));
      await policy.close();
      expect((await describeWeights(folder)).type).toBe("BF16");
      saved.push((await readCheckpoint(folder)).parameters);
    }
    for (const [name, values] of saved[0]!) {
      const stored = saved[1]!.get(name)!;
      // The difference of the step as above, plus one unit in the last of bfloat16's 8 bits.
      values.forEach((value, i) => {
        if (Math.abs(value - stored[i]!) > 2 ** -7 * Math.abs(value) + 2e-3) {
          throw new Error(`${name}[${i}] must be ${value}, got ${stored[i]}`);
        }
      });
    }
  });

  it("is required, since trained weights change", async () => {
    const full = { model, tokenizer, thread: "same" } as const;
    await expect(createLocalPolicy({ ...full, weightStorage: "stored" })).rejects.toThrow(
      "createLocalPolicy: weightStorage must be float32 for weights that are randomly initialized or trained, got stored",
    );
  });
});

describe("chooseWeightStorage", () => {
  const bytes = 4 * countElements([600, config.hiddenSize]);

  it("memory-maps 16-bit weights if float32 would take most of the memory", async () => {
    const choose = (available: number, folder: string | undefined = model) =>
      chooseWeightStorage("test", "auto", config, { directory: folder, availableBytes: available });
    expect(await choose(bytes)).toBe("stored");
    expect(await choose(1e12)).toBe("float32");
    // 4 bytes per parameter are less than half of 12; with two copies they are more.
    const availableBytes =
      12 * parameterTable(config).reduce((n, { shape }) => n + countElements(shape), 0);
    const choice = { directory: model, availableBytes };
    expect(await chooseWeightStorage("test", "auto", config, choice)).toBe("float32");
    const twice = { ...choice, numCopies: 2 };
    expect(await chooseWeightStorage("test", "auto", config, twice)).toBe("stored");
    expect(await chooseWeightStorage("test", "auto", config, { directory: undefined })).toBe(
      "float32",
    );
    const whole = join(directory, "float32");
    await writeCheckpoint(whole, { config, parameters: initialParameters(config, 1) });
    expect(await choose(bytes, whole)).toBe("float32");
  });

  it("follows an explicit choice if possible", async () => {
    expect(
      await chooseWeightStorage("test", "stored", config, {
        directory: model,
        availableBytes: 1e12,
      }),
    ).toBe("stored");
    expect(
      await chooseWeightStorage("test", "float32", config, { directory: model, availableBytes: 1 }),
    ).toBe("float32");
    await expect(
      chooseWeightStorage("test", "stored", config, { directory: undefined }),
    ).rejects.toThrow(
      "test: weightStorage must be float32 for weights that are randomly initialized or trained, got stored",
    );
  });
});
