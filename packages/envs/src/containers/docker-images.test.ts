import type Dockerode from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { privateEngine, type PrivateEngine } from "./testing/private-engine.ts";
import { testRegistry, type TestRegistry } from "./testing/registry.ts";
import { ContainerError } from "./container.ts";
import { DockerEngine, type DockerEngineOptions } from "./docker-engine.ts";

// Allow long timeouts, because engines respond late on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const home = privateEngine();

const kindOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: unknown) => (error instanceof ContainerError ? error.kind : String(error)),
  );

describe.skipIf(home === undefined)("images from a registry", () => {
  const engine: PrivateEngine = home!;
  let registry: TestRegistry | undefined;
  beforeAll(async () => engine.start());
  afterAll(async () => engine.remove());
  afterEach(async () => registry?.close());

  const connect = async (options: Partial<DockerEngineOptions> = {}): Promise<DockerEngine> =>
    DockerEngine.connect({ address: engine.address, watchdog: false, ...options });

  it("are pulled once for all concurrent requests, with progress", async () => {
    registry = await testRegistry({ "swe/one": 3_000_000 });
    const image = registry.image("swe/one");
    const seen: { readonly doneBytes: number; readonly totalBytes: number }[] = [];
    const client = await connect({ onPull: (progress) => seen.push(progress) });
    expect(await client.hasImage(image)).toBe(false);
    await Promise.all([client.pull(image), client.pull(image), client.pull(image)]);
    expect(await client.hasImage(image)).toBe(true);
    expect(registry.asked.filter((path) => path.includes("/blobs/"))).toHaveLength(2);
    const last = seen.at(-1)!;
    expect(last.doneBytes).toBe(last.totalBytes);
    expect(last.totalBytes).toBeGreaterThan(3_000_000);
    const before = registry.asked.length;
    await client.pull(image);
    expect(registry.asked).toHaveLength(before);
    await client.close();
  });

  it("stay within the disk budget: the least recently used one is removed", async () => {
    registry = await testRegistry({ "swe/a": 2_000_000, "swe/b": 2_000_000, "swe/c": 2_000_000 });
    const [a, b, c] = ["swe/a", "swe/b", "swe/c"].map((name) => registry!.image(name));
    const setUp = await connect();
    const { LayersSize: others = 0 } = (await (setUp.client as Dockerode).df()) as {
      LayersSize?: number;
    };
    const client = await connect({ imageBudgetBytes: others + 5_000_000 });
    await client.pull(a!);
    await client.pull(b!);
    await client.pull(a!);
    await client.pull(c!);
    const present = await Promise.all([a!, b!, c!].map(async (image) => client.hasImage(image)));
    expect(present).toEqual([true, false, true]);
    await client.close();
    await setUp.close();
  });

  it("that no registry has, or that may not be pulled, are image failures", async () => {
    registry = await testRegistry({ "swe/one": 1000 });
    const client = await connect();
    expect(await kindOf(client.pull(registry.image("swe/none")))).toBe("image");
    const strict = await connect({ pull: "never" });
    expect(await kindOf(strict.pull(registry.image("swe/one")))).toBe("image");
    await client.close();
    await strict.close();
  });

  it("that fail to download, or time out, are network failures, and can be requested again", async () => {
    registry = await testRegistry({ "swe/late": 1_000_000 });
    const image = registry.image("swe/late");
    const client = await connect({ pullTimeoutSeconds: 1 });
    registry.stall();
    expect(await kindOf(client.pull(image))).toBe("network");
    await registry.close();
    expect(await kindOf(client.pull(image))).toBe("network");
    await client.close();
  });
});
