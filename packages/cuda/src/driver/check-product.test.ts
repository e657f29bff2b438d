import { expect, it } from "vitest";
import { checkProduct } from "./check-product.ts";
import type { CudaProduct } from "./cuda-device.ts";

const product: CudaProduct = {
  m: 2,
  n: 3,
  k: 4,
  left: { address: 256, type: "float32", rowStride: 4 },
  right: { address: 512, type: "float32", rowStride: 3 },
  result: { address: 768, type: "float32", rowStride: 3 },
};
const check = (change: Partial<CudaProduct>) => () => checkProduct({ ...product, ...change });

it("accepts valid matrix products", () => {
  const { left, right, result } = product;
  expect(check({})).not.toThrow();
  expect(check({ k: 0, m: 0 })).not.toThrow();
  expect(check({ left: { ...left, transposed: true, rowStride: 2 } })).not.toThrow();
  const half = { type: "bfloat16" } as const;
  expect(check({ left: { ...left, ...half }, right: { ...right, ...half } })).not.toThrow();
  expect(check({ batches: 9, result: { ...result, batchStride: 6 } })).not.toThrow();
});

it("names the invalid part of a matrix product", () => {
  const { left, right, result } = product;
  expect(check({ m: 2 ** 31 })).toThrow("multiply: m must be a whole number from 0 to 2^31 - 1");
  expect(check({ left: { ...left, rowStride: 3 } })).toThrow("left.rowStride must be a whole numb");
  expect(check({ left: { ...left, address: 0 } })).toThrow(
    "left.address must be an address, got 0",
  );
  expect(check({ right: { ...right, transposed: true } })).toThrow("right.rowStride must");
  expect(check({ right: { ...right, type: "float16" } })).toThrow(
    "multiply: right.type must be the type of the left factor, float32, got float16",
  );
  expect(check({ result: { ...result, type: "bfloat16" } })).toThrow("result.type must be float32");
  expect(check({ batches: 2, result: { ...result, batchStride: 5 } })).toThrow(
    "multiply: result.batchStride must be large enough that the results of a batch do not overlap, got 5",
  );
  expect(check({ batches: 2 })).toThrow("result.batchStride must be large enough");
});
