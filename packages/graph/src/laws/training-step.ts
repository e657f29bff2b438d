import { createRandom } from "@turnwise/core";
import {
  adamWFeed,
  attention,
  clipScale,
  gradients,
  logProbAndEntropy,
  trace,
  traceAdamW,
  type Executor,
  type Feed,
  type Program,
  type ResidentTensor,
  type Tensor,
} from "../index.ts";

const [vocabulary, width] = [13, 8];

const shapes = {
  embedding: [vocabulary, width],
  norm: [width],
  query: [width, width],
  key: [width / 2, width],
  value: [width / 2, width],
  output: [width, width],
} as const;

const moments = ["first", "second"] as const;

/** Names of the weights and moments, which are carried from step to step. */
const stateNames: readonly string[] = Object.keys(shapes).flatMap((name) => [
  name,
  ...moments.map((moment) => `${moment} ${name}`),
]);

/**
 * Traces a complete optimizer step of a small language model: forward pass, loss, gradients,
 * clipping and AdamW, with RMSNorm, rotary positions, grouped causal attention, and a head with
 * entropies.
 */
export function traceTrainingStep(): Program {
  return trace((g) => {
    const state: Record<string, Tensor> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      for (const each of [name, ...moments.map((moment) => `${moment} ${name}`)]) {
        state[each] = g.input(each, "float32", shape);
      }
    }
    const tokens = g.input("tokens", "int32", ["batch", "time"]);
    const targets = g.input("targets", "int32", ["batch*time"]);
    const angles = Array.from({ length: 16 }, (_, position) => position * 0.7);
    const table = (rule: (angle: number) => number): Tensor =>
      g.constant(angles.map(rule), { shape: [16, 1] });
    const positions = g.expand(g.reshape(g.iota("time"), [1, "time"]), ["batch", "time"]);
    const rotate = (x: Tensor): Tensor => g.rope(x, table(Math.cos), table(Math.sin), positions);

    const x = g.gather(state["embedding"]!, tokens);
    const normed = g.rmsNorm(x, state["norm"]!);
    const splitHeads = (name: string, count: number): Tensor =>
      g.reshape(g.linear(normed, state[name]!), ["batch", "time", count, 2]);
    const mixed = attention(
      g,
      {
        query: rotate(splitHeads("query", 4)),
        key: rotate(splitHeads("key", 2)),
        value: splitHeads("value", 2),
      },
      { causal: true, blocks: 2 },
    );
    const hidden = g.add(x, g.linear(g.reshape(mixed, ["batch", "time", width]), state["output"]!));
    const { logProbs, entropies } = logProbAndEntropy(g, {
      hidden: g.reshape(hidden, ["batch*time", width]),
      head: state["embedding"]!,
      targets,
    });
    const loss = g.negate(g.reduceMean(g.add(logProbs, g.multiply(entropies, 0.01))));

    const names = Object.keys(shapes);
    const found = gradients(
      g,
      loss,
      names.map((name) => state[name]!),
    );
    const { scale, norm } = clipScale(g, found, 1);
    const coefficients = g.input("coefficients", "float32", [9]);
    const outputs: Record<string, Tensor> = { loss, norm };
    names.forEach((name, i) => {
      const next = traceAdamW(
        g,
        {
          parameter: state[name]!,
          gradient: found[i]!,
          firstMoment: state[`first ${name}`]!,
          secondMoment: state[`second ${name}`]!,
        },
        coefficients,
        scale,
      );
      outputs[name] = next.parameter;
      outputs[`first ${name}`] = next.firstMoment;
      outputs[`second ${name}`] = next.secondMoment;
    });
    return outputs;
  });
}

/** Result of {@link trainResident}. */
export interface TrainingResult {
  readonly losses: readonly number[];
  /** Entries of the weights and moments, by name. */
  readonly state: Readonly<Record<string, Float32Array>>;
}

/** Makes optimizer steps from fixed initial weights, with everything except the loss resident. */
export async function trainResident(executor: Executor, numSteps: number): Promise<TrainingResult> {
  const random = createRandom("training step");
  let state: Record<string, ResidentTensor> = {};
  for (const [name, shape] of Object.entries<readonly number[]>(shapes)) {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () =>
      name === "norm" ? 1 : 0.6 * (random.next() - 0.5),
    );
    state[name] = await executor.upload({ data, shape });
    for (const moment of moments) {
      state[`${moment} ${name}`] = await executor.upload({
        data: new Float32Array(length),
        shape,
      });
    }
  }
  const executable = await executor.compile(traceTrainingStep(), { resident: stateNames });
  const losses: number[] = [];
  for (let step = 1; step <= numSteps; step++) {
    const [batch, time] = [2, 3 + step];
    const ids = (): Int32Array =>
      Int32Array.from({ length: batch * time }, () => random.integer(vocabulary));
    const tokens: Feed = { data: ids(), shape: [batch, time] };
    const targets: Feed = { data: ids(), shape: [batch * time] };
    const coefficients = adamWFeed({ step, learningRate: 0.01, weightDecay: 0.1 });
    const outputs = await executable.run({ ...state, tokens, targets, coefficients });
    for (const tensor of Object.values(state)) tensor.dispose();
    state = {};
    for (const [name, output] of Object.entries(outputs)) {
      if (!("data" in output)) state[name] = output;
      else if (name === "loss") losses.push(output.data[0]!);
    }
  }
  const read: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(state)) {
    read[name] = await tensor.read();
    tensor.dispose();
  }
  await executable.release();
  return { losses, state: read };
}
