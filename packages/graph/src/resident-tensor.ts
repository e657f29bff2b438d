import type { Feed } from "./program.ts";

/**
 * Float32 tensor in an executor's memory, such as a GPU's: weights, optimizer moments, caches. It
 * can be fed to programs of the same executor any number of times. Its entries are accessible only
 * through `read`.
 */
export interface ResidentTensor {
  readonly dtype: "float32";
  readonly shape: readonly number[];
  /** Copies the entries to the caller, row-major. @throws `Error` after `dispose`. */
  read(): Promise<Float32Array>;
  /**
   * Frees the tensor's memory as soon as no running program uses it. The tensor cannot be fed or
   * read afterwards. GPU memory is not freed by garbage collection. A second call has no effect.
   */
  dispose(): void;
}

/** All inputs of a program by name: arrays, or resident tensors of the executor. */
export type RunFeeds = Readonly<Record<string, Feed | ResidentTensor>>;

/**
 * Owner of the storage of resident tensors. Tensors can be fed only to executors with the same
 * owner.
 */
export interface StorageOwner<Storage> {
  /** Name of the owner, for messages. */
  readonly name: string;
  read(storage: Storage, shape: readonly number[]): Promise<Float32Array>;
  /** Frees the storage. */
  drop(storage: Storage): void;
}

/** {@link ResidentTensor} that frees its storage after its last use. */
export class OwnedTensor<Storage> implements ResidentTensor {
  readonly dtype = "float32";
  readonly shape: readonly number[];
  readonly #owner: StorageOwner<Storage>;
  readonly #storage: Storage;
  #numUses = 0;
  #isDisposed = false;

  constructor(owner: StorageOwner<Storage>, shape: readonly number[], storage: Storage) {
    this.#owner = owner;
    this.#storage = storage;
    this.shape = [...shape];
  }

  /** Checks the owner of a tensor. @throws `RangeError` for a tensor of another owner. */
  static of<Storage>(
    where: string,
    name: string,
    tensor: ResidentTensor,
    owner: StorageOwner<Storage>,
  ): OwnedTensor<Storage> {
    if (tensor instanceof OwnedTensor && tensor.#owner === owner) return tensor;
    const other = tensor instanceof OwnedTensor ? tensor.#owner.name : "something else";
    throw new RangeError(
      `${where}: feed ${name} must be a tensor of ${owner.name}, got a tensor of ${other}`,
    );
  }

  /** Returns the storage. @throws `Error` after `dispose`. */
  storage(where: string): Storage {
    if (this.#isDisposed) {
      throw new Error(`${where}: resident tensor must not be used after dispose()`);
    }
    return this.#storage;
  }

  /** Calls a function; keeps the storage alive until its promise settles. */
  async keepAlive<T>(use: () => Promise<T>): Promise<T> {
    this.#numUses++;
    try {
      return await use();
    } finally {
      this.#numUses--;
      this.#dropIfUnused();
    }
  }

  async read(): Promise<Float32Array> {
    const storage = this.storage("read");
    return this.keepAlive(() => this.#owner.read(storage, this.shape));
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#dropIfUnused();
  }

  #dropIfUnused(): void {
    if (this.#isDisposed && this.#numUses === 0) this.#owner.drop(this.#storage);
  }
}

/** Calls a function; keeps all resident tensors among the feeds alive until its promise settles. */
export function runWithTensors<Storage, Result>(
  held: readonly OwnedTensor<Storage>[],
  run: () => Promise<Result>,
): Promise<Result> {
  return held.reduce<() => Promise<Result>>(
    (inner, tensor) => () => tensor.keepAlive(inner),
    run,
  )();
}
