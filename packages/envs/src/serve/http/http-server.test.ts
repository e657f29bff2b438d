import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import type { HttpRoute } from "./http-messages.ts";
import { openHttpServer } from "./http-server.ts";

const part = "x".repeat(65_536);

it("stops writing to clients that do not read, and disconnects them after a minute", async () => {
  const clock = new ManualClock();
  let numParts = 0;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const common = { describeError: () => ({ status: 500, json: {} }), method: "GET" } as const;
  const routes: HttpRoute[] = [
    {
      ...common,
      path: "/stream",
      handle: () => ({
        status: 200,
        contentType: "text/plain",
        stream: async (write) => {
          while (await write(part)) numParts++;
          end();
        },
      }),
    },
    // Larger than the buffers of the two sockets.
    { ...common, path: "/long", handle: () => ({ status: 200, json: part.repeat(512) }) },
  ];
  const server = await openHttpServer({
    routes,
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1000,
    maxConnections: 10,
    clock,
    upgrade: () => false,
  });
  const { host, port } = new URL(server.address);
  const clients = ["/stream", "/long"].map((path) => {
    const client = connect(Number(port), "127.0.0.1").on("error", () => undefined);
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return client;
  });
  // Both replies wait for their client, which reads nothing.
  while (clock.numTimers < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(numParts).toBeLessThan(512);
  clock.advance(60);
  await ended;
  const closed = clients.map((client) => once(client.resume(), "close"));
  await Promise.all(closed);
  expect(await server.countConnections()).toBe(0);
  await server.close();
});
