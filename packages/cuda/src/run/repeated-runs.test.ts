import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CudaDevice, CudaKernel } from "../driver/cuda-device.ts";
import { openCudaDevice } from "../driver/open-cuda-device.ts";
import { RepeatedRuns, type RunHistory } from "./repeated-runs.ts";
import { softwareCuda } from "../testing/software-cuda.ts";

const software = softwareCuda();
if (software.missing !== undefined) console.warn(`skipped: ${software.missing}`);

describe.skipIf(software.missing !== undefined)("RepeatedRuns", () => {
  let device: CudaDevice;
  let count: CudaKernel;
  const addresses: number[] = [];

  beforeAll(async () => {
    device = await openCudaDevice({ path: software.path! });
    const source = `extern "C" __global__ void count(long long* x) { x[0] += 1; }`;
    count = device.compile(source).kernel("count");
    for (let i = 0; i < 20; i++) addresses.push(device.allocate(8));
    for (const address of addresses) device.clear(address, 8);
  });
  afterAll(async () => {
    await device.close();
  });

  async function readCount(address: number): Promise<number> {
    const data = new BigInt64Array(1);
    await device.download(address, data);
    return Number(data[0]);
  }

  it("queues a run call by call twice, and then repeats a recording", async () => {
    const runs = new RepeatedRuns(device);
    const history: RunHistory = [];
    const address = addresses[0]!;
    let calls = 0;
    for (let run = 1; run <= 6; run++) {
      runs.queue(history, Float64Array.of(address), 2, () => {
        calls++;
        device.launch(count, 1, 1, [address]);
      });
      expect(await readCount(address)).toBe(run);
      // The third run is recorded; later runs repeat the recording without calling the function.
      expect(calls).toBe(Math.min(run, 3));
    }
    runs.release(history);
  });

  it("recognizes two alternating sets of addresses, and runs with others too", async () => {
    const runs = new RepeatedRuns(device);
    const history: RunHistory = [];
    const calls = new Map<number, number>();
    const run = (address: number): void =>
      runs.queue(history, Float64Array.of(7, address), 1, () => {
        calls.set(address, (calls.get(address) ?? 0) + 1);
        device.launch(count, 1, 1, [address]);
      });
    const [a, b, c] = [addresses[1]!, addresses[2]!, addresses[3]!];
    for (let i = 0; i < 4; i++) for (const address of [a, b]) run(address);
    run(c);
    run(a);
    expect(Object.fromEntries(calls)).toEqual({ [a]: 3, [b]: 2, [c]: 1 });
    expect([await readCount(a), await readCount(b), await readCount(c)]).toEqual([5, 4, 1]);
    runs.release(history);
  });

  it("keeps the most recently used recordings", async () => {
    const runs = new RepeatedRuns(device);
    const histories = addresses.map((): RunHistory => []);
    const calls = addresses.map(() => 0);
    const run = (i: number): void =>
      runs.queue(histories[i]!, Float64Array.of(addresses[i]!), 0, () => {
        calls[i]!++;
        device.launch(count, 1, 1, [addresses[i]!]);
      });
    for (let i = 0; i < 17; i++) run(i);
    run(0); // Recorded again, which evicts the recording of `run(1)`.
    run(2); // Still recorded.
    expect(calls.slice(0, 4)).toEqual([2, 1, 1, 1]);
    expect(await readCount(addresses[16]!)).toBe(1);
    for (const history of histories) runs.release(history);
  });
});
