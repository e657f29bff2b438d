import { describe, expect, it } from "vitest";
import { ContainerError, type ContainerEngine, type ContainerFault } from "./container.ts";
import { ContainerPool } from "./container-pool.ts";

/** Members that a pool only forwards. */
const failUnused = (): never => {
  throw new Error("not part of this test");
};

/** Creates an engine whose containers are only ids. Setting `state.fault` makes starts fail. */
function toyEngine(host: string) {
  const state = {
    started: 0,
    closed: 0,
    fault: undefined as ContainerFault | undefined,
    isAlive: true,
  };
  const engine: ContainerEngine = {
    host,
    start: async ({ image }) => {
      await Promise.resolve();
      if (state.fault) throw new ContainerError(state.fault, `${host} fails`);
      state.started += 1;
      return {
        id: `${host}/${state.started}`,
        image,
        host,
        isAlive: async () => state.isAlive,
        close: async () => void (state.closed += 1),
        exec: failUnused,
        shell: failUnused,
        copyIn: failUnused,
        copyOut: failUnused,
        changes: failUnused,
        isOutOfMemory: failUnused,
      };
    },
    close: async () => undefined,
  };
  return { engine, state };
}

const spec = { image: "i" };

it("starts a container without serializing the build context", async () => {
  const { engine } = toyEngine("a");
  const pool = new ContainerPool([{ engine, maxContainers: 2 }]);
  const content = Object.assign(Buffer.from("FROM scratch\n"), { toJSON: failUnused });
  const built = { ...spec, build: { files: [{ path: "Dockerfile", content }] } };
  pool.warm(built);
  const container = await pool.start(built);
  expect(pool.statistics.started).toBe(1);
  await container.close();
  await pool.close();
});

describe("ContainerPool", () => {
  it("spreads containers over hosts by free capacity, and queues the next one when all are full", async () => {
    const [a, b] = [toyEngine("a"), toyEngine("b")];
    const pool = new ContainerPool([
      { engine: a.engine, maxContainers: 2 },
      { engine: b.engine, maxContainers: 1 },
    ]);
    const first = [await pool.start(spec), await pool.start(spec), await pool.start(spec)];
    expect(first.map(({ host }) => host).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
      "a",
      "a",
      "b",
    ]);
    const fourth = pool.start(spec);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(pool.statistics).toMatchObject({ running: 3, peak: 3, waiting: 1 });
    await first[2]!.close();
    await first[2]!.close();
    expect((await fourth).host).toBe(first[2]!.host);
    expect(pool.statistics).toMatchObject({ running: 3, peak: 3, waiting: 0, started: 4 });
  });

  it("starts elsewhere when a host fails, and lets that host cool down", async () => {
    const [a, b] = [toyEngine("a"), toyEngine("b")];
    const pool = new ContainerPool([
      { engine: a.engine, maxContainers: 5 },
      { engine: b.engine, maxContainers: 5 },
    ]);
    a.state.fault = "engine";
    for (let i = 0; i < 3; i++) expect((await pool.start(spec)).host).toBe("b");
    expect(pool.statistics).toMatchObject({ failed: 1, coolingHosts: 1, running: 3 });
    b.state.fault = "resources";
    await expect(pool.start(spec)).rejects.toThrow(ContainerError);
    expect(pool.statistics.running).toBe(3);
  });

  it("does not try other hosts for an image that does not exist", async () => {
    const [a, b] = [toyEngine("a"), toyEngine("b")];
    a.state.fault = "image";
    b.state.fault = "image";
    const pool = new ContainerPool([
      { engine: a.engine, maxContainers: 1 },
      { engine: b.engine, maxContainers: 1 },
    ]);
    await expect(pool.start(spec)).rejects.toThrow("fails");
    expect(pool.statistics).toMatchObject({ failed: 1, coolingHosts: 0, running: 0 });
  });

  it("hands out warm containers that are still alive", async () => {
    const a = toyEngine("a");
    const pool = new ContainerPool([{ engine: a.engine, maxContainers: 3 }]);
    pool.warm(spec, 2);
    expect((await pool.start(spec)).id).toBe("a/1");
    a.state.isAlive = false;
    expect((await pool.start(spec)).id).toBe("a/3");
    expect(a.state.closed).toBe(1);
  });

  it("closes warm containers when their slot is needed", async () => {
    const a = toyEngine("a");
    const pool = new ContainerPool([{ engine: a.engine, maxContainers: 2 }]);
    pool.warm(spec, 2);
    expect((await pool.start({ image: "other" })).image).toBe("other");
    expect(pool.statistics).toMatchObject({ running: 2, warm: 1 });
  });

  it("loses no slot when a waiting caller aborts", async () => {
    const a = toyEngine("a");
    const pool = new ContainerPool([{ engine: a.engine, maxContainers: 1 }]);
    const only = await pool.start(spec);
    const controller = new AbortController();
    const waiting = pool.start(spec, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await only.close();
    expect((await pool.start(spec)).id).toBe("a/2");
  });

  it("rejects all callers after it was closed", async () => {
    const a = toyEngine("a");
    const pool = new ContainerPool([{ engine: a.engine, maxContainers: 1 }]);
    await pool.start(spec);
    const waiting = pool.start(spec);
    await pool.close();
    await expect(waiting).rejects.toThrow("the pool is closed");
  });

  it("rejects invalid arguments", () => {
    expect(() => new ContainerPool([{ engine: toyEngine("a").engine, maxContainers: 0 }])).toThrow(
      "ContainerPool: maxContainers[0] must be a whole number >= 1, got 0",
    );
  });
});
