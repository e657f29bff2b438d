import type * as Ort from "onnxruntime-node";
import type { Session } from "./session.ts";

/**
 * A session that lasts until nobody needs it: a tensor on a GPU lives in memory of the session that
 * gave it, and to dispose of it after the session would end the process.
 */
export class LastingSession {
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

  /** Notes that one more tensor of this session stays where it is. */
  keepFor(tensor: Ort.Tensor): StoredTensor {
    this.#numTensors++;
    return { tensor, session: this };
  }

  /** Disposes of a tensor that was kept. */
  async drop(tensor: Ort.Tensor): Promise<void> {
    tensor.dispose();
    this.#numTensors--;
    if (this.#isReleased && this.#numTensors === 0) await this.#session.release();
  }

  /** Gives back what the session holds, as soon as none of its tensors is left. */
  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#numTensors === 0) await this.#session.release();
  }
}

/** A tensor, and the session in whose memory it lives; without one, in the computer's. */
export interface StoredTensor {
  readonly tensor: Ort.Tensor;
  readonly session?: LastingSession;
}
