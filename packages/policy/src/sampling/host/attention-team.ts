import { Worker } from "node:worker_threads";
import {
  attentionModule,
  jobBytes,
  type AttentionKernel,
  type AttentionShape,
} from "./attention-kernel.ts";
import { maxMemoryPages } from "../../wasm/wasm-writer.ts";
import { webAssembly, type WasmMemory } from "../../wasm/web-assembly.ts";

/** Words that the threads share: the parameters of a round, and how far it is. */
const fields = {
  /** Number of the round; helpers wait for it to change. */
  round: 0,
  /** The next job to take, below the lower 16 bits of the round. */
  next: 1,
  /** How many jobs are done. */
  done: 2,
  numJobs: 3,
  jobs: 4,
  layerOffset: 5,
  stride: 6,
  /** 1 ends the helpers. */
  stop: 7,
  /** 1 after a job of a helper threw. */
  failed: 8,
  count: 16,
} as const;

/** Bytes at the start of the memory that the team keeps for itself. */
export const teamBytes: number = fields.count * 4;

/** Below so many pairs of query and key, waking a helper takes longer than it saves. */
const minPairs = 4096;

/** The attention kernel on one thread or several, over one memory. Who is free takes the next job. */
export class AttentionTeam {
  readonly memory: WasmMemory;
  readonly #kernel: AttentionKernel;
  readonly #control: Int32Array;
  readonly #helpers: readonly Worker[];
  readonly #scratch: number;
  readonly #stride: number;

  /**
   * @param threads - With this one.
   * @param scratch - Address of room for all threads' scores, `4 * stride` bytes each.
   * @param stride - See {@link AttentionKernel}.
   */
  constructor(shape: AttentionShape, threads: number, scratch: number, stride: number) {
    const isShared = threads > 1;
    const initial = Math.ceil((scratch + threads * 4 * stride) / 65536);
    this.memory = new webAssembly.Memory({ initial, maximum: maxMemoryPages, shared: isShared });
    const module = new webAssembly.Module(attentionModule(shape, { sharedMemory: isShared }));
    const { exports } = new webAssembly.Instance(module, { env: { memory: this.memory } });
    // The module is our own.
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

  /** Whether results lie in memory that threads share, which ONNX Runtime does not read. */
  get isShared(): boolean {
    return this.#helpers.length > 0;
  }

  /**
   * Computes jobs of one layer, see {@link AttentionKernel}.
   * @param numPairs - How many pairs of query and key they have.
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
    // In this order: a job of the new round can be taken only when the round is known.
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
    if (control[fields.failed] !== 0) throw new Error("AttentionTeam: a helper's job failed");
  }

  /** Ends the helpers. */
  async close(): Promise<void> {
    if (!this.isShared) return;
    Atomics.store(this.#control, fields.stop, 1);
    Atomics.add(this.#control, fields.round, 1);
    Atomics.notify(this.#control, fields.round);
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }
}
