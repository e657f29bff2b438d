import type * as Ort from "onnxruntime-node";
import type { Output } from "../executor.ts";
import type { Feed } from "../program.ts";
import { OwnedTensor, type StorageOwner, type ResidentTensor } from "../resident-tensor.ts";
import type { StoredTensor } from "./tensor-session.ts";
import { OnnxModel } from "./model.ts";
import {
  checkProvider,
  explainFailure,
  loadOnnxRuntime,
  type OnnxRuntime,
} from "./onnx-runtime.ts";
import { providers, type Provider } from "./providers.ts";

/** Wraps an array in a tensor of ONNX Runtime, without a copy. */
export function toOrt({ Tensor }: OnnxRuntime, name: string, { data, shape }: Feed): Ort.Tensor {
  if (data instanceof Uint8Array) return new Tensor("bool", data, shape);
  if (data instanceof Int32Array) return new Tensor("int32", data, shape);
  if (data instanceof Float32Array) return new Tensor("float32", data, shape);
  throw new TypeError(`run: feed ${name} must be a Float32Array, got a ${data.constructor.name}`);
}

/** Returns the array of an output. @throws For a tensor that is not in host memory. */
export function fromOrt(tensor: Ort.Tensor): Output {
  // Reading the data of a GPU tensor crashes the process.
  if (tensor.location !== "cpu") {
    throw new Error(`run: output must be in host memory, got one in ${tensor.location}`);
  }
  const { data, dims } = tensor;
  if (!(data instanceof Float32Array)) {
    throw new TypeError(`run: output must be float32, got ${tensor.type}`);
  }
  return { shape: dims, data };
}

/** Function that copies a tensor between memories. */
type Move = (tensor: Ort.Tensor) => Promise<Ort.Tensor>;

/** Creates a session with one operation that copies a tensor between memories. */
async function createMove(
  runtime: OnnxRuntime,
  provider: Ort.InferenceSession.ExecutionProviderConfig,
  to: Ort.Tensor.DataLocation,
): Promise<Move> {
  const model = new OnnxModel();
  model.input("x", "float32");
  const [y] = model.node("Identity", ["x"]);
  model.output(y!, "float32");
  const session = await runtime.InferenceSession.create(model.bytes(), {
    executionProviders: [provider],
    logSeverityLevel: 4,
    preferredOutputLocation: to,
  });
  return async (x) => (await session.run({ x }))[y!]!;
}

/** Owner of the resident tensors of one device; transfers arrays to and from the device. */
export class OnnxStorage implements StorageOwner<StoredTensor> {
  readonly name: string;
  readonly #provider: Provider;
  readonly #config: Ort.InferenceSession.ExecutionProviderConfig;
  readonly #moves = new Map<Ort.Tensor.DataLocation, Promise<Move>>();

  constructor(provider: Provider, config: Ort.InferenceSession.ExecutionProviderConfig) {
    this.#provider = provider;
    this.#config = config;
    this.name = `ONNX Runtime's ${provider} provider`;
  }

  async #move(tensor: Ort.Tensor, to: Ort.Tensor.DataLocation): Promise<Ort.Tensor> {
    let move = this.#moves.get(to);
    if (!move) {
      checkProvider(this.#provider);
      move = loadOnnxRuntime().then((runtime) => createMove(runtime, this.#config, to));
      this.#moves.set(to, move);
    }
    try {
      return await (
        await move
      )(tensor);
    } catch (cause) {
      throw explainFailure(this.#provider, cause);
    }
  }

  async upload(data: Float32Array, shape: readonly number[]): Promise<ResidentTensor> {
    const { Tensor } = await loadOnnxRuntime();
    const { residence } = providers[this.#provider];
    if (data.length === 0 || residence === "cpu") {
      return new OwnedTensor(this, shape, { tensor: new Tensor("float32", data.slice(), shape) });
    }
    // The session that copies arrays to the device is never released.
    const tensor = await this.#move(new Tensor("float32", data, shape), residence);
    return new OwnedTensor(this, shape, { tensor });
  }

  async read({ tensor }: StoredTensor): Promise<Float32Array> {
    if (tensor.location === "cpu") return fromOrt(tensor).data.slice();
    return fromOrt(await this.#move(tensor, "cpu")).data;
  }

  drop({ tensor, session }: StoredTensor): void {
    if (session) void session.drop(tensor);
    else tensor.dispose();
  }
}
