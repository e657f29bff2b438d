import type { SampledResponse, SampleRequest } from "@turnwise/core";
import type { Executor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { closeTo } from "./close-to.ts";
import { SamplingEngine } from "../sampling/sampling-engine.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

/** Result of an executor, and the expected value. */
interface Both<T> {
  readonly here: T;
  readonly there: T;
}

/**
 * Test helper: samples and scores with a small model on an executor, with all draw options and in
 * several steps, and does the same on the CPU with keys and values in host memory.
 */
export async function compareWithHost(executor: Executor): Promise<{
  readonly responses: Both<readonly SampledResponse[]>;
  readonly entropies: Both<readonly number[][]>;
}> {
  const config = {
    ...smallModelConfig({
      vocabularySize: 37,
      hiddenSize: 32,
      numLayers: 2,
      maxSequenceTokens: 200,
    }),
    initializerRange: 0.3,
  };
  const options = { layout: parameterLayout(config), stepTokens: 100, cacheBytes: 2 ** 20 };
  const host = createOnnxExecutor({ threads: 1 });
  const engines = [
    new SamplingEngine({ ...options, executor: host }),
    new SamplingEngine({ ...options, executor, cache: "device" }),
  ];
  const weights = initialParameters(config, "both");
  await Promise.all(engines.map((engine) => engine.load(weights)));
  const shared = Array.from({ length: 90 }, (_, i) => (i * i) % 37);
  const requests = [{}, { temperature: 0 }, { minP: 0.1, bannedTokens: [3, 4] }, { topK: 5 }].map(
    (drawing, i): SampleRequest => ({
      promptTokens: [...shared.slice(0, 30 + 30 * (i % 3)), i],
      seed: `${i}`,
      maxTokens: 20,
      stopTokens: [],
      ...drawing,
    }),
  );
  const [here, there] = await Promise.all(
    engines.map((engine) => Promise.all(requests.map((request) => engine.sample(request)))),
  );
  const rows = here!.map(({ tokens }) => tokens);
  const [scoresHere, scoresThere] = await Promise.all(
    engines.map(async (engine) => {
      const scores = await engine.score(rows);
      return scores.map(({ entropies }) => [...entropies]);
    }),
  );
  await Promise.all(engines.map((engine) => engine.close()));
  return {
    responses: { here: closeTo(here!), there: there! },
    entropies: { here: closeTo(scoresHere!), there: scoresThere! },
  };
}
