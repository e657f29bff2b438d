import { createReferenceExecutor } from "@turnwise/graph";
import { expect, test } from "vitest";
import { ResidentWeights, SharedTensor } from "./resident-weights.ts";

const upload = async (value: number): Promise<SharedTensor> => {
  const feed = { data: Float32Array.of(value), shape: [1] };
  return new SharedTensor(await createReferenceExecutor().upload(feed));
};

test("disposes of a tensor when its last holder releases it", async () => {
  const tensors = new Map([
    ["a", await upload(1)],
    ["b", await upload(2)],
  ]);
  const [sampler, reference] = [new ResidentWeights(tensors), new ResidentWeights(tensors)];
  // The original owner releases its tensors; the second holder keeps them alive.
  for (const tensor of tensors.values()) tensor.release();
  expect(sampler.names).toEqual(["a", "b"]);
  const b = reference.get("b")!;
  expect(tensors.get("b")!.isShared).toBe(true);
  sampler.release();
  sampler.release();
  expect(tensors.get("b")!.isShared).toBe(false);
  expect(await b.read()).toEqual(Float32Array.of(2));
  reference.release();
  await expect(b.read()).rejects.toThrow("resident tensor must not be used after dispose()");
});

test("refuses use after release", async () => {
  const tensor = await upload(1);
  const weights = new ResidentWeights([["a", tensor]]);
  expect(weights.get("b")).toBe(undefined);
  weights.release();
  tensor.release();
  expect(() => weights.get("a")).toThrow("get: weights must not be used after release()");
  expect(() => tensor.retain()).toThrow("retain: tensor must not be used after its last release()");
  expect(() => tensor.release()).toThrow(
    "release: tensor must not be released again after its last release()",
  );
});
