import { computeAdamWCoefficients, type AdamWOptions, type AdamWState } from "@turnwise/graph";
import { FunctionWriter, wasmModule } from "../wasm/wasm-writer.ts";
import { webAssembly } from "../wasm/web-assembly.ts";

/**
 * Entries of each array that the kernel processes at once: all four blocks fit into a core's cache.
 */
const blockEntries = 8192;
const blockBytes = 4 * blockEntries;

/** Layout of the kernel's memory: the coefficients, each repeated four times, then the blocks. */
const coefficientBytes = 16;
const coefficients = [
  "gradientScale",
  "beta1",
  "oneLessBeta1",
  "beta2",
  "oneLessBeta2",
  "keep",
  "stepSize",
  "rootScale",
  "epsilon",
] as const;
const blocks = 1024;

/**
 * Writes the WebAssembly function that loops over the entries of a block.
 *
 * Its parameter is the end address of the first array's block, `blocks + 4 * count`; `count` is a
 * multiple of 4.
 */
function writeStep(): FunctionWriter {
  const f = new FunctionWriter("step", 1);
  const [end] = [0];
  const at = f.local("i32");
  const [g, m, v] = f.locals("v128", 3);
  const values = Object.fromEntries(coefficients.map((name) => [name, f.local("v128")]));
  coefficients.forEach((name, i) => {
    f.int(i * coefficientBytes)
      .load()
      .set(values[name]!);
  });
  const [parameter, gradient, firstMoment, secondMoment] = [0, 1, 2, 3].map((i) => i * blockBytes);
  const multiply = (name: (typeof coefficients)[number]): FunctionWriter =>
    f.get(values[name]!).op("f32x4.mul");
  f.int(blocks).set(at);
  f.repeat(() => {
    f.get(at).load(gradient);
    multiply("gradientScale").set(g!);
    f.get(at);
    f.get(at).load(firstMoment);
    multiply("beta1").get(g!);
    multiply("oneLessBeta1").op("f32x4.add").tee(m!).store(firstMoment);
    f.get(at);
    f.get(at).load(secondMoment);
    multiply("beta2").get(g!);
    multiply("oneLessBeta2").get(g!).op("f32x4.mul", "f32x4.add").tee(v!).store(secondMoment);
    f.get(at);
    f.get(at).load(parameter);
    multiply("keep").get(m!);
    multiply("stepSize").get(v!).op("f32x4.sqrt");
    multiply("rootScale").get(values["epsilon"]!).op("f32x4.add", "f32x4.div", "f32x4.sub");
    f.store(parameter);
    f.get(at).int(16).op("i32.add").tee(at).get(end).op("i32.lt_s");
  });
  return f;
}

/**
 * AdamW (`adamW` of @turnwise/graph) in WebAssembly with SIMD, entirely in float32 like PyTorch.
 * Arrays of any length are copied through the kernel's memory block by block. The result of an
 * entry depends only on that entry.
 */
export class AdamWKernel {
  readonly #memory: Float32Array;
  readonly #step: (end: number) => void;

  constructor() {
    const pages = Math.ceil((blocks + 4 * blockBytes) / 65536);
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages, shared: false });
    const module = new webAssembly.Module(wasmModule([writeStep()]));
    const { exports } = new webAssembly.Instance(module, { env: { memory } });
    this.#memory = new Float32Array(memory.buffer);
    // Sound because `writeStep` exports this function.
    this.#step = exports["step"] as (end: number) => void;
  }

  /**
   * Makes one optimizer step on one parameter; see `adamW` of @turnwise/graph.
   * @throws `RangeError` for options outside their range.
   */
  run({ parameter, gradient, firstMoment, secondMoment }: AdamWState, options: AdamWOptions): void {
    const known = computeAdamWCoefficients(options);
    const values = { ...known, oneLessBeta1: 1 - known.beta1, oneLessBeta2: 1 - known.beta2 };
    coefficients.forEach((name, i) => this.#memory.fill(values[name], 4 * i, 4 * i + 4));
    const arrays = [parameter, gradient, firstMoment, secondMoment];
    for (let start = 0; start < parameter.length; start += blockEntries) {
      const count = Math.min(blockEntries, parameter.length - start);
      const placeOf = (array: number): number => blocks / 4 + array * blockEntries;
      arrays.forEach((array, i) =>
        this.#memory.set(array.subarray(start, start + count), placeOf(i)),
      );
      this.#step(blocks + 16 * Math.ceil(count / 4));
      arrays.forEach((array, i) => {
        // The kernel does not change the gradient, so it need not be copied back.
        if (i === 1) return;
        array.set(this.#memory.subarray(placeOf(i), placeOf(i) + count), start);
      });
    }
  }
}
