import type { CudaFactor, CudaMatrix, CudaProduct } from "./cuda-device.ts";

/** cuBLAS uses 32-bit integers for rows, columns and row strides. */
const maxSize = 2 ** 31 - 1;

function fail(name: string, rule: string, value: unknown): never {
  throw new RangeError(`multiply: ${name} must ${rule}, got ${String(value)}`);
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least || value > maxSize) {
    fail(name, `be a whole number from ${least} to 2^31 - 1`, value);
  }
}

function checkMatrix(name: string, matrix: CudaMatrix, columns: number): void {
  if (!Number.isSafeInteger(matrix.address) || matrix.address <= 0) {
    fail(`${name}.address`, "be an address", matrix.address);
  }
  checkCount(`${name}.rowStride`, matrix.rowStride, Math.max(1, columns));
  const { batchStride = 0 } = matrix;
  if (!Number.isSafeInteger(batchStride) || batchStride < 0) {
    fail(`${name}.batchStride`, "be a whole number, at least 0", batchStride);
  }
}

function checkTypes(left: CudaFactor, right: CudaFactor, result: CudaMatrix): void {
  if (left.type !== right.type) {
    fail("right.type", `be the type of the left factor, ${left.type}`, right.type);
  }
  if (result.type !== left.type && result.type !== "float32") {
    fail("result.type", `be float32 or the type of the factors, ${left.type}`, result.type);
  }
}

/** Checks a product. @throws `RangeError` if it violates the rules of {@link CudaProduct}. */
export function checkProduct(product: CudaProduct): void {
  const { m, n, k, left, right, result, batches = 1 } = product;
  checkCount("m", m, 0);
  checkCount("n", n, 0);
  checkCount("k", k, 0);
  checkCount("batches", batches, 0);
  checkMatrix("left", left, left.transposed === true ? m : k);
  checkMatrix("right", right, right.transposed === true ? k : n);
  checkMatrix("result", result, n);
  checkTypes(left, right, result);
  const { batchStride = 0 } = result;
  if (batches > 1 && batchStride < (m - 1) * result.rowStride + n) {
    fail(
      "result.batchStride",
      "be large enough that the results of a batch do not overlap",
      batchStride,
    );
  }
}
