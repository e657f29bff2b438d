import type {
  OnTokens,
  SampleRequest,
  ScoredRow,
  TokenCounts,
  TokenRow,
  TrainingRow,
  UpdateReport,
} from "@turnwise/core";
import {
  openCheckpoint,
  readWeights,
  writeWeights,
  type OpenCheckpoint,
} from "../checkpoints/checkpoint.ts";
import { withoutTrainedParts, type ParameterLayout } from "../model/parameter-layout.ts";
import { drawParameters, type Parameters } from "../model/shape/parameters.ts";
import type { FloatType } from "../files/safetensors.ts";
import { createExecutor, needsLossScale, staysOnDevice, defaultMaxLogits } from "./device.ts";
import type { EngineOptions, EnginePort, PendingSample, SaveModelOptions } from "./engine-port.ts";
import { readLearner, writeLearner } from "./learner-checkpoint.ts";
import { LearningEngine } from "../learning/learning-engine.ts";
import { limitLayout } from "./limit-layout.ts";
import { loadWeights } from "./load-weights.ts";
import { loadAdapter } from "./load-adapter.ts";
import type { ObjectiveProgram } from "../learning/objective-program.ts";
import type { OnToken } from "../sampling/sample-request.ts";
import { SamplingEngine, type SamplerUsage } from "../sampling/sampling-engine.ts";
import type { RowScores } from "../sampling/score-rows.ts";

/** Maximum number of threads for attention; more would only wait for memory bandwidth. */
const maxAttentionThreads = 8;

/** Initial weights. */
interface InitialWeights {
  /** Parameters for the learner; empty if they stay memory-mapped. */
  readonly parameters: Parameters;
  readonly stored?: OpenCheckpoint;
  /** Storage type of the weights in the folder. */
  readonly type: FloatType;
}

async function readInitialWeights({
  layout,
  weights,
  weightStorage,
}: EngineOptions): Promise<InitialWeights> {
  if ("directory" in weights && weightStorage === "stored") {
    const stored = await openCheckpoint(weights.directory, layout);
    try {
      await stored.checkFinite();
      return { parameters: new Map(), stored, type: stored.type };
    } catch (error) {
      await stored.close();
      throw error;
    }
  }
  if ("directory" in weights) return readWeights(weights.directory, layout);
  const parameters =
    "seed" in weights
      ? drawParameters(layout.model, layout.config, weights.seed)
      : new Map([...weights.parameters].map(([name, values]) => [name, values.slice()]));
  return { parameters, type: "F32" };
}

/**
 * Starts loading the learner's current weights into the sampler: shared tensors if the weights are
 * on a device (a version does not change while the sampler holds it); only the adapter if the model
 * is memory-mapped; otherwise copies with the adapter merged in.
 */
async function startLoading(
  sampling: SamplingEngine,
  learner: LearningEngine,
  layout: ParameterLayout,
  stored: OpenCheckpoint | undefined,
): Promise<{ readonly loaded: Promise<void> }> {
  const { adapter } = layout;
  const shared = learner.share();
  if (shared) return { loaded: sampling.loadShared(shared, layout) };
  if (adapter && !stored) {
    // Merging returns new arrays, but parameters in `modulesToSave` are the learner's own arrays,
    // which will change.
    const weights = new Map(await readCurrentWeights(learner, layout));
    for (const { name } of adapter.saved) weights.set(name, weights.get(name)!.slice());
    const take = (name: string): Float32Array => {
      const values = weights.get(name)!;
      weights.delete(name);
      return values;
    };
    return { loaded: sampling.loadFrom(take) };
  }
  if (!stored || !adapter) {
    return { loaded: sampling.load(await readCurrentWeights(learner, layout)) };
  }
  const trained = new Map<string, Float32Array>();
  for (const { name } of adapter.parameters) {
    trained.set(name, (await learner.reader.parameter(name)).slice());
  }
  const read = (name: string) => trained.get(name) ?? stored.locate(name);
  return { loaded: sampling.loadFrom(read, layout) };
}

/** Reads all of the learner's current weights, with the adapter merged in. */
async function readCurrentWeights(
  learner: LearningEngine,
  { model }: ParameterLayout,
): Promise<Parameters> {
  const read = await learner.weights();
  const weights = new Map<string, Float32Array>();
  for (const { name } of model) weights.set(name, await read(name));
  return weights;
}

/** Engine that computes in the calling thread, which it blocks. */
export class PolicyEngine implements EnginePort {
  readonly #options: EngineOptions;
  /** Layout with the engine's length limit, see {@link limitLayout}. */
  readonly #layout: ParameterLayout;
  readonly #learner: LearningEngine | undefined;
  readonly #sampling: SamplingEngine;
  /** Storage type of the initial weights. */
  readonly #type: FloatType;
  /** Memory-mapped model for which an adapter is trained. */
  readonly #stored: OpenCheckpoint | undefined;
  #version = 0;
  #isClosed = false;
  /** Latest of the learner's tasks, which run one after the other. */
  #lastTask: Promise<unknown> = Promise.resolve();

  private constructor(
    options: EngineOptions,
    learner: LearningEngine | undefined,
    sampling: SamplingEngine,
    { type, stored }: Pick<InitialWeights, "type" | "stored">,
  ) {
    this.#options = options;
    this.#layout = limitLayout(options);
    this.#type = type;
    this.#stored = stored;
    this.#learner = learner;
    this.#sampling = sampling;
  }

  /** Initializes or reads the weights, and loads them into the sampler as version 0. */
  static async create(options: EngineOptions): Promise<PolicyEngine> {
    const { optimizer, threads, device, microbatchTokens, stepTokens, cacheBytes } = options;
    const layout = limitLayout(options);
    const executor = await createExecutor(device, threads);
    const resident = options.resident ?? staysOnDevice(device);
    const sampling = new SamplingEngine({
      layout: withoutTrainedParts(layout),
      executor,
      stepTokens,
      cacheBytes,
      threads: Math.min(threads, maxAttentionThreads),
      cache: resident ? "device" : "host",
    });
    if (!optimizer) {
      await loadWeights(sampling, options);
      return new PolicyEngine(options, undefined, sampling, { type: "F32" });
    }
    const starting = await readInitialWeights(options);
    const { parameters, stored } = starting;
    try {
      const adapter = await loadAdapter(
        options,
        (name) => parameters.get(name) ?? stored!.read(name),
      );
      const learner = await LearningEngine.create(parameters, {
        layout,
        executor,
        optimizer,
        microbatchTokens,
        ownsParameters: true,
        adapter,
        stored,
        keepReference: options.keepReference,
        recomputeLayers: options.recomputeLayers,
        resident,
        scalesLoss: needsLossScale(device),
        // A memory-mapped head computes logits in parts and concatenates them, so the logits exist
        // twice.
        maxLogits: defaultMaxLogits(device) / (stored && !resident ? 2 : 1),
      });
      const { loaded } = await startLoading(sampling, learner, layout, stored);
      await loaded;
      return new PolicyEngine(options, learner, sampling, starting);
    } catch (error) {
      await stored?.close();
      throw error;
    }
  }

  get #learning(): LearningEngine {
    if (this.#learner) return this.#learner;
    throw new Error("policy: engine must have a learner, got an engine without an optimizer");
  }

  sample(request: SampleRequest, onToken?: OnToken): PendingSample {
    return {
      response: this.#sampling.sample(request, onToken),
      cancel: (reason) => this.#sampling.cancel(request, reason),
    };
  }

  release(sequenceId: string): void {
    this.#sampling.release(sequenceId);
  }

  scoreTokens(rows: readonly (readonly number[])[]): Promise<RowScores[]> {
    return this.#sampling.score(rows);
  }

  async usage(): Promise<SamplerUsage> {
    return this.#sampling.usage();
  }

  async load(version: number): Promise<void> {
    let loaded: Promise<void> | undefined;
    await this.#enqueue(async () => {
      if (version !== this.#version) {
        throw new RangeError(
          `load: weights must be the learner's current version ${this.#version}, got version ${version}`,
        );
      }
      // The sampler first finishes its running requests; the learner must not wait for that.
      const begun = await startLoading(this.#sampling, this.#learning, this.#layout, this.#stored);
      ({ loaded } = begun);
    });
    await loaded;
  }

  async tokenCounts(): Promise<TokenCounts> {
    return this.#sampling.tokenCounts();
  }

  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    return this.#enqueue(() => this.#learning.score(rows, onTokens));
  }

  scoreReference(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]> {
    return this.#enqueue(() => this.#learning.scoreReference(rows, onTokens));
  }

  update(
    rows: readonly TrainingRow[],
    objective: ObjectiveProgram,
    onTokens?: OnTokens,
  ): Promise<{ report: UpdateReport; version: number }> {
    return this.#enqueue(async () => {
      const report = await this.#learning.update(rows, objective, onTokens);
      return { report, version: ++this.#version };
    });
  }

  save(directory: string): Promise<void> {
    return this.#enqueue(() =>
      writeLearner(directory, this.#options, {
        state: this.#learning.reader,
        lossScale: this.#learning.lossScale,
        version: this.#version,
      }),
    );
  }

  saveModel(
    directory: string,
    { type = this.#type, maxFileBytes = 5e9 }: SaveModelOptions,
  ): Promise<void> {
    return this.#enqueue(async () => {
      const { layout, configJson } = this.#options;
      const parameters = await this.#learning.weights();
      const options = { type, maxFileBytes, configJson };
      await writeWeights(directory, layout, parameters, options);
    });
  }

  restore(directory: string): Promise<number> {
    return this.#enqueue(async () => {
      const saved = await readLearner(directory, this.#options);
      const { parameters, optimizer, lossScale, version } = saved;
      await this.#learning.restore(parameters, optimizer, lossScale);
      // A learner that has been used must not reuse a version number for other weights. A new
      // learner continues the version numbers of the run that it resumes.
      this.#version = this.#version === 0 ? version : Math.max(version, this.#version + 1);
      return this.#version;
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sampling.close();
    await this.#lastTask;
    await this.#learner?.close();
    await this.#stored?.close();
  }

  #enqueue<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#lastTask.then(() => {
      if (this.#isClosed)
        throw new Error("policy: must not be closed before its calls end, or called after close()");
      return task();
    });
    this.#lastTask = result.catch(() => undefined);
    return result;
  }
}
