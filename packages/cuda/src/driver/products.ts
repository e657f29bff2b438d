import { checkDriver, checkProducts } from "./check-status.ts";
import { checkProduct } from "./check-product.ts";
import type { CudaNumber, CudaProduct, ProductPrecision } from "./cuda-device.ts";
import type { Cuda } from "./load-cuda.ts";

// Enumeration values from library_types.h and cublas_api.h.
const numberTypes: Readonly<Record<CudaNumber, number>> = { float32: 0, bfloat16: 14, float16: 2 };
/** CUBLAS_COMPUTE_32F, _FAST_TF32 and _FAST_16BF. */
const computeTypes: Readonly<Record<ProductPrecision, number>> = {
  float32: 68,
  tensorfloat32: 77,
  bfloat16: 75,
};
const defaultAlgorithm = -1;

/** Size of the cuBLAS workspace: the default of cuBLAS on Hopper. */
const workspaceBytes = 32 * 2 ** 20;

/** Matrix products by cuBLAS on one stream. */
export class Products {
  readonly #cuda: Cuda;
  readonly #handle: number;
  readonly #workspace: number;
  readonly #scales = new Float32Array(new ArrayBuffer(128));
  readonly #alphaAddress: number;
  readonly #betaAddress: number;

  constructor(cuda: Cuda, stream: number) {
    const where = "openCudaDevice";
    this.#cuda = cuda;
    this.#alphaAddress = cuda.addressOf(this.#scales);
    this.#betaAddress = this.#alphaAddress + 4;
    const result = new BigInt64Array(new ArrayBuffer(128));
    const allocated = cuda.cuMemAlloc_v2(cuda.addressOf(result), workspaceBytes);
    checkDriver(cuda, allocated, where, "allocate the workspace of cuBLAS");
    this.#workspace = Number(result[0]);
    checkProducts(cuda, cuda.cublasCreate_v2(cuda.addressOf(result)), where, "start");
    this.#handle = Number(result[0]);
    // Set the workspace after the stream, because cublasSetStream resets the workspace.
    const used = cuda.cublasSetStream_v2(this.#handle, stream);
    checkProducts(cuda, used, where, "set its stream");
    const taken = cuda.cublasSetWorkspace_v2(this.#handle, this.#workspace, workspaceBytes);
    checkProducts(cuda, taken, where, "set its workspace");
  }

  multiply(product: CudaProduct): void {
    checkProduct(product);
    const { m, n, k, left, right, result, batches = 1, precision = "float32" } = product;
    if (m === 0 || n === 0 || batches === 0) return;
    this.#scales[0] = product.alpha ?? 1;
    this.#scales[1] = product.beta ?? 0;
    const compute = left.type === "float32" ? computeTypes[precision] : computeTypes.float32;
    // cuBLAS is column-major and sees each matrix transposed, so compute the transposed result,
    // right^T * left^T.
    const status =
      batches === 1
        ? this.#cuda.cublasGemmEx(
            this.#handle,
            right.transposed === true ? 1 : 0,
            left.transposed === true ? 1 : 0,
            n,
            m,
            k,
            this.#alphaAddress,
            right.address,
            numberTypes[right.type],
            right.rowStride,
            left.address,
            numberTypes[left.type],
            left.rowStride,
            this.#betaAddress,
            result.address,
            numberTypes[result.type],
            result.rowStride,
            compute,
            defaultAlgorithm,
          )
        : this.#cuda.cublasGemmStridedBatchedEx(
            this.#handle,
            right.transposed === true ? 1 : 0,
            left.transposed === true ? 1 : 0,
            n,
            m,
            k,
            this.#alphaAddress,
            right.address,
            numberTypes[right.type],
            right.rowStride,
            right.batchStride ?? 0,
            left.address,
            numberTypes[left.type],
            left.rowStride,
            left.batchStride ?? 0,
            this.#betaAddress,
            result.address,
            numberTypes[result.type],
            result.rowStride,
            result.batchStride ?? 0,
            batches,
            compute,
            defaultAlgorithm,
          );
    if (status !== 0) {
      const shape = `${batches} products [${m}, ${k}] * [${k}, ${n}] of ${left.type}`;
      checkProducts(this.#cuda, status, "multiply", `compute ${shape}`);
    }
  }

  /** Releases the handle and the workspace. Call only when no work is queued. */
  close(): void {
    this.#cuda.cublasDestroy_v2(this.#handle);
    this.#cuda.cuMemFree_v2(this.#workspace);
  }
}
