import { createCudaExecutor, openCudaDevice } from "@turnwise/cuda";
import { expect, it } from "vitest";
// The software device is a test helper of @turnwise/cuda that the package does not export.
import { softwareCuda } from "../../../../cuda/src/testing/software-cuda.ts";
import { compareWithHost } from "../../testing/compare-with-host.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.log(`No CUDA device: ${software.missing}`);

it.skipIf(software.missing !== undefined)(
  "keeps keys and values on CUDA, and draws the same tokens there",
  async () => {
    const device = await openCudaDevice({ path: software.path! });
    const { responses, entropies } = await compareWithHost(createCudaExecutor({ device }));
    expect(responses.there).toEqual(responses.here);
    expect(entropies.there).toEqual(entropies.here);
  },
  120_000,
);
