import { expect, it } from "vitest";
import * as cuda from "./index.ts";

it("exports the public names", () => {
  expect(Object.keys(cuda).toSorted()).toEqual([
    "CudaOutOfMemory",
    "createCudaExecutor",
    "kernelPrelude",
    "openCudaDevice",
  ]);
});
