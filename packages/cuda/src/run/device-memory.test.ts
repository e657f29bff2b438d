import { expect, it } from "vitest";
import { DeviceMemory } from "./device-memory.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";
import { softwareCuda } from "../testing/software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.log(`No CUDA device: ${software.missing}`);

it.skipIf(software.path === undefined)(
  "survives a device that refuses to free memory, so that the device's own error is reported",
  async () => {
    const device = await openCudaDevice({ path: software.path! });
    const memory = new DeviceMemory(device);
    // Larger than the cache limit, so freeing the block asks the device to free memory.
    const block = memory.allocate(2 ** 28 + 1);
    await device.close();
    expect(() => device.free(block.address)).toThrow("must not be used after close()");
    memory.free(block);
    expect(memory.use.held).toBe(0);
  },
);
