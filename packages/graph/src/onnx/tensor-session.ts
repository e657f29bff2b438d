import type * as Ort from "onnxruntime-node";
import type { Session } from "./session.ts";

/**
 * Session that stays open while its tensors are in use: the memory of a GPU tensor belongs to the
 * session that created it, and disposing of the tensor after the session would crash the process.
 */
export class TensorSession {
  readonly #session: Session;
  #numTensors = 0;
  #isReleased = false;

  constructor(session: Session) {
    this.#session = session;
  }

  run(...[feeds, shapes, spare]: Parameters<Session["run"]>): ReturnType<Session["run"]> {
    return this.#session.run(feeds, shapes, spare);
  }

  endProfiling(): void {
    this.#session.endProfiling();
  }

  /** Registers a tensor of this session that stays resident. */
  register(tensor: Ort.Tensor): StoredTensor {
    this.#numTensors++;
    return { tensor, session: this };
  }

  /** Disposes of a registered tensor. */
  async drop(tensor: Ort.Tensor): Promise<void> {
    tensor.dispose();
    this.#numTensors--;
    if (this.#isReleased && this.#numTensors === 0) await this.#session.release();
  }

  /** Releases the session once all its tensors are disposed of. */
  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#numTensors === 0) await this.#session.release();
  }
}

/** Tensor with the session that owns its memory; without a session the tensor is in host memory. */
export interface StoredTensor {
  readonly tensor: Ort.Tensor;
  readonly session?: TensorSession;
}
