import { Worker } from "node:worker_threads";
import {
  attentionModule,
  jobBytes,
  type AttentionKernel,
  type AttentionShape,
} from "./attention-kernel.ts";
import { maxMemoryPages } from "../../wasm/wasm-writer.ts";
import { webAssembly, type WasmMemory } from "../../wasm/web-assembly.ts";

/** Words in shared memory: parameters and progress of a round. */
const fields = {
  /** Number of the round; helper threads wait for it to change. */
  round: 0,
  /** Next job to take (lower 16 bits) and lower 16 bits of the round (upper 16 bits). */
  next: 1,
  /** Number of finished jobs. */
  done: 2,
  numJobs: 3,
  jobs: 4,
  layerOffset: 5,
  stride: 6,
  /** Set to 1 to stop the helper threads. */
  stop: 7,
  /** Set to 1 if a job threw in a helper thread. */
  failed: 8,
  count: 16,
} as const;

/** Number of bytes at the start of the memory that are reserved for these words. */
export const controlBytes: number = fields.count * 4;

/** Minimum number of query-key pairs for which waking a helper thread saves time. */
const minPairs = 4096;

/** Attention kernel on one or more threads over one memory. Idle threads take the next job. */
export class AttentionThreads {
  readonly memory: WasmMemory;
  readonly #kernel: AttentionKernel;
  readonly #control: Int32Array;
  readonly #helpers: readonly Worker[];
  readonly #scratch: number;
  readonly #stride: number;

  /**
   * @param threads - Number of threads, including this one.
   * @param scratch - Address of scratch memory for all threads' scores, `4 * stride` bytes each.
   * @param stride - See {@link AttentionKernel}.
   */
  constructor(shape: AttentionShape, threads: number, scratch: number, stride: number) {
    const isShared = threads > 1;
    const initial = Math.ceil((scratch + threads * 4 * stride) / 65536);
    this.memory = new webAssembly.Memory({ initial, maximum: maxMemoryPages, shared: isShared });
    const module = new webAssembly.Module(attentionModule(shape, { sharedMemory: isShared }));
    const { exports } = new webAssembly.Instance(module, { env: { memory: this.memory } });
    // Sound because the module was generated above.
    this.#kernel = exports["attend"] as AttentionKernel;
    this.#control = new Int32Array(this.memory.buffer, 0, fields.count);
    this.#scratch = scratch;
    this.#stride = stride;
    this.#helpers = Array.from({ length: threads - 1 }, (_, i) => {
      const extension = import.meta.url.endsWith(".ts") ? "mjs" : "js";
      const helper = new Worker(new URL(`./attention-helper.${extension}`, import.meta.url), {
        workerData: {
          module,
          memory: this.memory,
          control: 0,
          scratch: scratch + (i + 1) * 4 * stride,
          fields,
          jobBytes,
        },
      });
      helper.unref();
      return helper;
    });
  }

  /** True if results are in memory shared between threads, which ONNX Runtime cannot read. */
  get isShared(): boolean {
    return this.#helpers.length > 0;
  }

  /**
   * Computes jobs of one layer, see {@link AttentionKernel}.
   * @param numPairs - Number of query-key pairs in the jobs.
   */
  run(jobs: number, numJobs: number, layerOffset: number, numPairs: number): void {
    if (!this.isShared || numJobs === 1 || numPairs < minPairs) {
      this.#kernel(jobs, numJobs, layerOffset, this.#scratch, this.#stride);
      return;
    }
    const control = this.#control;
    control[fields.numJobs] = numJobs;
    control[fields.jobs] = jobs;
    control[fields.layerOffset] = layerOffset;
    control[fields.stride] = this.#stride;
    Atomics.store(control, fields.done, 0);
    const round = (control[fields.round]! + 1) & 0xffff;
    // Order matters: a job of the new round may be taken only after the round is set.
    Atomics.store(control, fields.round, round);
    Atomics.store(control, fields.next, round << 16);
    Atomics.notify(control, fields.round);
    for (;;) {
      const index = Atomics.add(control, fields.next, 1) & 0xffff;
      if (index >= numJobs) break;
      this.#kernel(jobs + index * jobBytes, 1, layerOffset, this.#scratch, this.#stride);
      Atomics.add(control, fields.done, 1);
    }
    for (;;) {
      const done = Atomics.load(control, fields.done);
      if (done === numJobs) break;
      Atomics.wait(control, fields.done, done, 1);
    }
    if (control[fields.failed] !== 0)
      throw new Error("AttentionThreads: a job of a helper thread failed");
  }

  /** Stops the helper threads. */
  async close(): Promise<void> {
    if (!this.isShared) return;
    Atomics.store(this.#control, fields.stop, 1);
    Atomics.add(this.#control, fields.round, 1);
    Atomics.notify(this.#control, fields.round);
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }
}
