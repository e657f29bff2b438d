import { expect, it } from "vitest";
import * as cuda from "./index.ts";

it("exports what is meant for others", () => {
  expect(Object.keys(cuda).toSorted()).toEqual([
    "CudaOutOfMemory",
    "createCudaExecutor",
    "kernelPrelude",
    "openCudaDevice",
  ]);
});
