import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ContainerError } from "./container.ts";
import { DockerEngine, type DockerEngineOptions } from "./docker-engine.ts";
import { labelNames } from "./labels.ts";

type Answer = (response: ServerResponse) => void;

const json =
  (body: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

/** Answer that accepts a request and never responds. */
const silence: Answer = () => undefined;

/** Serves the Engine API with an answer for each `METHOD /path`; other requests get status 404. */
async function toyEngine(answers: Readonly<Record<string, Answer>>) {
  const folder = await mkdtemp(join(tmpdir(), "tw-"));
  const socket = join(folder, "s");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const route = `${request.method} ${request.url!.split("?")[0]}`;
    asked.push(route);
    (answers[route] ?? json({ message: "no such image" }, 404))(response);
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    asked,
    connect: async (options: DockerEngineOptions = {}): Promise<DockerEngine> =>
      DockerEngine.connect({ address: `unix://${socket}`, watchdog: false, ...options }),
    close: async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const usable = { "GET /version": json({}), "GET /containers/json": json([]) };
let engine: Awaited<ReturnType<typeof toyEngine>>;

/** Advances time after the engine received a request for `route`. */
async function waitInVain(route: string): Promise<void> {
  await vi.waitUntil(() => engine.asked.includes(route), { timeout: 5_000 });
  await vi.advanceTimersByTimeAsync(120_000);
}

describe("an engine that accepts requests and never responds", () => {
  afterEach(async () => {
    vi.useRealTimers();
    await engine.close();
  });

  it("does not keep a trainer from starting if an orphan cannot be removed", async () => {
    const orphan = {
      Id: "orphan",
      Labels: { [labelNames.owner]: "elsewhere:1:1", [labelNames.expires]: "1" },
    };
    engine = await toyEngine({
      ...usable,
      "GET /containers/json": json([orphan]),
      "DELETE /containers/orphan": silence,
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const connecting = engine.connect();
    await waitInVain("DELETE /containers/orphan");
    await (await connecting).close();
  });

  it("is an engine failure to a caller that looks for an image", async () => {
    engine = await toyEngine({ ...usable, "GET /images/i/json": silence });
    const client = await engine.connect({ pull: "never" });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const faults = [client.start({ image: "i" }), client.pull("i"), client.hasImage("i")].map(
      async (work) =>
        work.then(
          () => "none",
          (error: unknown) => (error instanceof ContainerError ? error.kind : String(error)),
        ),
    );
    await waitInVain("GET /images/i/json");
    expect(await Promise.all(faults)).toEqual(["engine", "engine", "engine"]);
  });
});

describe("an engine that is measuring its disk for another caller", () => {
  afterEach(async () => engine.close());

  it("is asked again, and the image is pulled", async () => {
    let numBusy = 2;
    const diskUsage: Answer = (response) =>
      numBusy-- > 0
        ? json({ message: "a disk usage operation is already running" }, 500)(response)
        : json({ LayersSize: 0 })(response);
    engine = await toyEngine({
      ...usable,
      "GET /system/df": diskUsage,
      "POST /images/create": json({ status: "done" }),
    });
    const client = await engine.connect({ imageBudgetBytes: 1 });
    await client.pull("first");
    // The disk usage is measured before and after the pull, because the first image may have to be
    // removed.
    await client.pull("second");
    expect(engine.asked.filter((route) => route === "GET /system/df")).toHaveLength(2 + 2);
  });
});
