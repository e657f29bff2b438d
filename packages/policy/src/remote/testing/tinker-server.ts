import { jsonServer, type JsonServer, type Reply, type SeenRequest } from "./json-server.ts";

/** Options of {@link tinkerServer}. */
export interface TinkerServerOptions {
  /**
   * Loss normalization: sum over tokens, or mean over sequences of token means (SkyRL's JAX
   * engine).
   */
  readonly lossScale?: "sum" | "sequence-mean";
  /** True if the server supports a forward pass without gradient. Default true. */
  readonly hasForward?: boolean;
  /** Vocabulary size of the model. */
  readonly vocabularySize: number;
}

/**
 * Test server of the Tinker protocol; its model is so small that the gradient is written by hand.
 */
export interface TinkerServer extends JsonServer {
  /**
   * Logits of the next token given the previous token, `[previous][next]`, of each loaded model.
   */
  readonly models: ReadonlyMap<string, readonly (readonly number[])[]>;
  /** Gradient of the last optimizer step. */
  readonly lastGradient: readonly (readonly number[])[];
}

type Json = Readonly<Record<string, unknown>>;

interface Datum {
  readonly inputs: readonly number[];
  readonly targets: readonly number[];
  readonly logProbs: readonly number[];
  readonly advantages: readonly number[];
}

interface Model {
  readonly logits: number[][];
  readonly pending: Datum[];
  lastSequence: number;
}

/** Converts logits to log-probs. */
function logSoftmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most;
  return logits.map((logit) => logit - total);
}

function readDatum(value: unknown): Datum {
  const { model_input: input, loss_fn_inputs: fields } = value as {
    readonly model_input: { readonly chunks: readonly { readonly tokens: readonly number[] }[] };
    readonly loss_fn_inputs: Readonly<Record<string, { readonly data: readonly number[] }>>;
  };
  const known = new Set(["target_tokens", "logprobs", "advantages"]);
  const other = Object.keys(fields).find((name) => !known.has(name));
  if (other !== undefined) throw new Error(`unknown field ${other}`);
  const inputs = input.chunks.flatMap(({ tokens }) => tokens);
  const targets = fields["target_tokens"]!.data;
  if (targets.length !== inputs.length) throw new Error("targets must be as long as inputs");
  return {
    inputs,
    targets,
    logProbs: fields["logprobs"]?.data ?? [],
    advantages: fields["advantages"]?.data ?? [],
  };
}

/**
 * Starts a server of the Tinker protocol, with a model that predicts each token from the previous
 * token. Gradients are exact; an optimizer step is plain gradient descent.
 */
export async function tinkerServer(options: TinkerServerOptions): Promise<TinkerServer> {
  const { lossScale = "sum", hasForward = true, vocabularySize } = options;
  const models = new Map<string, Model>();
  const kept = new Map<string, readonly (readonly number[])[]>();
  const sessions = new Map<string, string>();
  const futures = new Map<string, { looks: number; readonly result: Json }>();
  const gradient: { last: number[][] } = { last: [] };
  let numIds = 0;
  const newId = (kind: string): string => `${kind}-${++numIds}`;
  const answerLater = (result: Json): Reply => {
    const id = String(++numIds);
    futures.set(id, { looks: 0, result });
    return { body: { future_id: id, status: "pending", request_id: id } };
  };
  const refuse = (status: number, detail: string): Reply => ({ status, body: { detail } });

  const computeLogProbs = (model: Model, { inputs, targets }: Datum): number[] =>
    targets.map((target, i) => logSoftmax(model.logits[inputs[i]!]!)[target]!);
  const outputs = (model: Model, data: readonly Datum[]): Json => ({
    loss_fn_output_type: "ArrayRecord",
    loss_fn_outputs: data.map((datum) => {
      const logProbs = computeLogProbs(model, datum);
      return { logprobs: { data: logProbs, dtype: "float32", shape: [logProbs.length] } };
    }),
    metrics: {},
  });

  /**
   * The loss is minus the sum of advantage times ratio, or the mean over sequences of their token
   * means.
   */
  const step = (model: Model, learningRate: number): void => {
    const sum = model.logits.map((row) => row.map(() => 0));
    for (const datum of model.pending) {
      const share = lossScale === "sum" ? 1 : 1 / (datum.targets.length * model.pending.length);
      computeLogProbs(model, datum).forEach((logProb, i) => {
        const slope = -datum.advantages[i]! * Math.exp(logProb - datum.logProbs[i]!) * share;
        if (slope === 0) return;
        const before = datum.inputs[i]!;
        logSoftmax(model.logits[before]!).forEach((other, token) => {
          const isTarget = token === datum.targets[i]! ? 1 : 0;
          sum[before]![token]! += slope * (isTarget - Math.exp(other));
        });
      });
    }
    gradient.last = sum;
    model.pending.length = 0;
    sum.forEach((row, before) =>
      row.forEach((slope, token) => {
        model.logits[before]![token]! -= learningRate * slope;
      }),
    );
  };

  const sampleTokens = (logits: readonly (readonly number[])[], body: Json): Json => {
    const { prompt, sampling_params: how } = body as {
      readonly prompt: { readonly chunks: readonly { readonly tokens: readonly number[] }[] };
      readonly sampling_params: {
        readonly max_tokens: number;
        readonly seed: number;
        readonly stop: readonly number[];
        readonly temperature: number;
      };
    };
    let before = prompt.chunks.flatMap(({ tokens }) => tokens).at(-1)!;
    let state = how.seed;
    const tokens: number[] = [];
    const logprobs: number[] = [];
    while (tokens.length < how.max_tokens) {
      const all = logSoftmax(logits[before]!);
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      let rest = how.temperature === 0 ? 0 : state / 2 ** 32;
      let token = all.indexOf(Math.max(...all));
      if (how.temperature !== 0) {
        token = all.findIndex((logProb) => (rest -= Math.exp(logProb)) < 0);
        if (token === -1) token = all.length - 1;
      }
      tokens.push(token);
      logprobs.push(all[token]!);
      if (how.stop.includes(token)) {
        return { sequences: [{ tokens, logprobs, stop_reason: "stop" }], type: "sample" };
      }
      before = token;
    }
    return { sequences: [{ tokens, logprobs, stop_reason: "length" }], type: "sample" };
  };

  const ofModel: Readonly<Record<string, (model: Model, body: Json, id: string) => Reply>> = {
    forward: (model, body) => {
      const { data } = body["forward_input"] as { readonly data: readonly unknown[] };
      return answerLater(outputs(model, data.map(readDatum)));
    },
    forward_backward: (model, body) => {
      const input = body["forward_backward_input"] as {
        readonly data: readonly unknown[];
        readonly loss_fn: string;
      };
      if (input.loss_fn !== "importance_sampling") return refuse(422, "unknown loss_fn");
      const data = input.data.map(readDatum);
      model.pending.push(...data);
      return answerLater(outputs(model, data));
    },
    optim_step: (model, body) => {
      const { learning_rate: rate } = body["adam_params"] as { readonly learning_rate: number };
      step(model, rate);
      return answerLater({ metrics: { "skyrl.ai/grad_norm": 1.5 } });
    },
    save_weights_for_sampler: (model, body, id) => {
      const path = `tinker://${id}/sampler_weights/${String(body["path"])}`;
      kept.set(path, structuredClone(model.logits));
      return answerLater({ path, type: "save_weights_for_sampler" });
    },
    save_weights: (model, body, id) => {
      const path = `tinker://${id}/weights/${String(body["path"])}`;
      kept.set(path, structuredClone(model.logits));
      return answerLater({ path, type: "save_weights" });
    },
    load_weights: (model, body) => {
      if (model.lastSequence > 1) return refuse(400, "only a fresh model can load weights");
      const found = kept.get(String(body["path"]));
      if (found === undefined) return refuse(404, "Checkpoint not found");
      found.forEach((row, i) => {
        model.logits[i] = [...row];
      });
      return answerLater({ path: body["path"], type: "load_weights" });
    },
    unload_model: (_model, _body, id) => {
      models.delete(id);
      return answerLater({ model_id: id, type: "unload_model" });
    },
  };

  const server = await jsonServer(({ path, body }: SeenRequest): Reply => {
    const name = path.replace("/api/v1/", "");
    if (name === "healthz") return { body: { status: "ok" } };
    if (name === "create_session") return { body: { session_id: newId("session") } };
    if (name === "session_heartbeat") return { body: { type: "session_heartbeat" } };
    if (name === "create_model") {
      const id = newId("model");
      models.set(id, {
        // Logits differ, so that the gradient is not trivial; they are the same for all models.
        logits: Array.from({ length: vocabularySize }, (_, before) =>
          Array.from({ length: vocabularySize }, (_unused, next) =>
            Math.sin(7 * before + 3 * next),
          ),
        ),
        pending: [],
        lastSequence: 0,
      });
      const answer = answerLater({ model_id: id, type: "create_model" });
      return answer === "cut" ? answer : { body: { ...(answer.body as Json), model_id: id } };
    }
    if (name === "create_sampling_session") {
      const from = String(body["model_path"]);
      if (!kept.has(from)) return refuse(404, "Checkpoint not found");
      const id = newId("sampling");
      sessions.set(id, from);
      return { body: { sampling_session_id: id, type: "create_sampling_session" } };
    }
    if (name === "asample") {
      const from = sessions.get(String(body["sampling_session_id"]));
      if (from === undefined) return refuse(404, "Sampling session not found");
      return answerLater(sampleTokens(kept.get(from)!, body));
    }
    if (name === "retrieve_future") {
      const future = futures.get(String(body["request_id"]));
      if (future === undefined) return refuse(404, "Future not found");
      future.looks += 1;
      // The two forms in which servers report that a result is not ready.
      if (future.looks === 1) return { body: { type: "try_again", queue_state: "active" } };
      if (future.looks === 2) return refuse(408, "Timeout waiting for result");
      return { body: future.result };
    }
    const operation = ofModel[name];
    if (operation === undefined || (name === "forward" && !hasForward)) {
      return refuse(404, "Not Found");
    }
    const id = String(body["model_id"]);
    const model = models.get(id);
    if (model === undefined) return refuse(404, "Model not found");
    if (name !== "unload_model") {
      const sequence = Number(body["seq_id"]);
      if (!(sequence > model.lastSequence)) {
        return refuse(409, "Training request sequence number was reused");
      }
      model.lastSequence = sequence;
    }
    return operation(model, body, id);
  });
  return {
    ...server,
    get models() {
      return new Map([...models].map(([id, { logits }]) => [id, logits]));
    },
    get lastGradient() {
      return gradient.last;
    },
  };
}
