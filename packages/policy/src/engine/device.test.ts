import { expect, test } from "vitest";
import { createExecutor, parseDevice } from "./device.ts";

test("fills in the defaults of a device", () => {
  expect(parseDevice({})).toEqual({ provider: "cpu" });
  expect(parseDevice({ provider: "webgpu", products: "float16" })).toEqual({
    provider: "webgpu",
    products: "float16",
  });
  expect(parseDevice({ provider: "onnx-cuda", deviceId: 1 })).toEqual({
    provider: "onnx-cuda",
    products: "float32",
    deviceId: 1,
  });
});

test("knows which products a device has", () => {
  for (const products of ["float32", "tensorfloat32", "bfloat16"] as const) {
    const device = { provider: "cuda", products, deviceId: 1 } as const;
    expect(parseDevice(device)).toEqual(device);
  }
  expect(() => parseDevice({ provider: "cuda", products: "float16" })).toThrow(
    "device: products must be one of float32, tensorfloat32, bfloat16 on cuda, got float16",
  );
});

test.for([
  [{ provider: "gpu" }, "x: provider must be one of cpu, webgpu, cuda, onnx-cuda, got gpu"],
  [{ products: "float16" }, "x: products must be one of float32 on cpu, got float16"],
  [
    { provider: "webgpu", products: "int8" },
    "x: products must be one of float32, float16 on webgpu",
  ],
  [{ provider: "webgpu", deviceId: 1 }, "x: deviceId must be 0 on webgpu, got 1"],
  [{ provider: "onnx-cuda", deviceId: -1 }, "x: deviceId must be a whole number"],
] as const)("refuses %j", ([device, message]) => {
  expect(() => parseDevice(device, "x")).toThrow(message);
});

test("refuses a device before anything is computed", async () => {
  // @ts-expect-error -- not a provider.
  await expect(createExecutor({ provider: "gpu" }, 1)).rejects.toThrow("provider must be one of");
});
