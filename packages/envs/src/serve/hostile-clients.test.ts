import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectSocket } from "./testing/socket-client.ts";
import { startToyServer, type ToyServer } from "./testing/toy-server.ts";
import type { ServeOptions } from "./serve-environments.ts";

let server: ToyServer;
afterEach(async () => {
  await server.close();
  const { created, closed } = server.counts;
  if (closed !== created)
    throw new Error(`environments must be closed, got ${closed} of ${created}`);
});

const start = async (options: ServeOptions = {}): Promise<void> => {
  server = await startToyServer(options);
};
const connect = () => connectSocket(`${server.address}/ws`);

/** Connects a well-behaved client, which keeps playing. */
async function playAlong() {
  const client = await connect();
  await client.ask({ type: "reset", data: {} });
  let turn = 0;
  return async (): Promise<void> => {
    const reply = await client.ask({ type: "step", data: { command: "add" } });
    expect(reply.data.observation).toMatchObject({ turn: ++turn });
  };
}

/** Waits until the server has the given number of sessions. */
async function waitForSessions(count: number): Promise<void> {
  while ((await server.count()).sessions !== count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("hostile clients", () => {
  it("send messages that are too large, and lose only their own connection", async () => {
    await start({ maxMessageBytes: 1000 });
    const goOn = await playAlong();
    const client = await connect();
    client.send("x".repeat(2000));
    expect(await client.closed).toBe(1009);
    expect(await server.fetch("/reset", { split: "x".repeat(2000) })).toMatchObject({
      status: 413,
      body: { detail: "body must have at most 1000 bytes" },
    });
    expect(await server.fetch("/reset", { index: 0 })).toMatchObject({ status: 200 });
    await goOn();
    await waitForSessions(1);
  });

  it("send frames that are not valid", async () => {
    await start();
    const goOn = await playAlong();
    const { port } = new URL(server.address);
    const raw = connectTcp(Number(port), "127.0.0.1");
    raw.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(raw, "data");
    // An unmasked frame with reserved bits.
    raw.write(Buffer.from([0xff, 0x05, 1, 2, 3, 4, 5]));
    raw.resume();
    await once(raw, "close");
    const binary = await connect();
    binary.send(Buffer.from([1, 2, 3]));
    expect(await binary.next()).toMatchObject({ data: { code: "INVALID_JSON" } });
    binary.socket.terminate();
    await goOn();
    await waitForSessions(1);
  });

  it("send no HTTP, no JSON, or a request to nowhere", async () => {
    await start();
    const raw = connectTcp(Number(new URL(server.address).port), "127.0.0.1");
    raw.end("nonsense\r\n\r\n");
    const [data] = (await once(raw, "data")) as [Buffer];
    expect(data.toString("utf8")).toMatch(/^HTTP\/1\.1 400 /u);
    const response = await fetch(`${server.address}/reset`, { method: "POST", body: "{" });
    expect([response.status, await response.json()]).toEqual([
      400,
      { detail: "body must be JSON" },
    ]);
    expect(await server.fetch("/nowhere")).toMatchObject({ status: 404 });
    expect(await server.fetch("/a%ZZ/splits")).toMatchObject({ status: 404 });
    expect(await server.fetch("/reset")).toMatchObject({ status: 405 });
    await expect(connectSocket(`${server.address}/nowhere`)).rejects.toThrow(/404/u);
    await expect(connectSocket(`${server.address}/nobody/ws`)).rejects.toThrow(/404/u);
  });

  it("come as another host, or from a page of another site", async () => {
    await start();
    const { port } = new URL(server.address);
    const headers = { Origin: "https://example.org" };
    expect(await server.fetch("/health", undefined, headers)).toMatchObject({ status: 403 });
    await expect(connectSocket(`${server.address}/ws`, headers)).rejects.toThrow(/403/u);
    await expect(
      connectSocket(`${server.address}/ws`, { Host: `example.org:${port}` }),
    ).rejects.toThrow(/403/u);
    const own = { Origin: server.address };
    expect(await server.fetch("/health", undefined, own)).toMatchObject({ status: 200 });
  });

  it("come to another address of this machine, where the server listens", async () => {
    await start({ host: "127.0.0.2" });
    expect(await server.fetch("/health")).toMatchObject({ status: 200 });
  });

  it("have a wrong token", async () => {
    const token = "correct-horse-battery";
    await start({ token });
    expect(await server.fetch("/health")).toEqual({
      status: 401,
      body: {
        detail: "the request must contain the token of the server: Authorization: Bearer TOKEN",
      },
    });
    const wrong = { Authorization: "Bearer correct-horse-batterz" };
    expect(await server.fetch("/health", undefined, wrong)).toMatchObject({ status: 401 });
    await expect(connectSocket(`${server.address}/ws`, wrong)).rejects.toThrow(/401/u);
    const basic = Buffer.from(`user:${token}`).toString("base64");
    const accepted = [
      { Authorization: `Bearer ${token}` },
      { Authorization: `Basic ${basic}` },
      { "X-API-Key": token },
    ];
    for (const headers of accepted) {
      expect(await server.fetch("/health", undefined, headers)).toMatchObject({ status: 200 });
    }
    const client = await connectSocket(`${server.address}/ws`, accepted[0]);
    expect((await client.ask({ type: "reset", data: {} })).type).toBe("observation");
  });

  it("open more sessions than there may be", async () => {
    await start({ capacity: 3 });
    const clients = await Promise.all([connect(), connect(), connect()]);
    const fourth = await connect();
    expect(await fourth.next()).toMatchObject({
      type: "error",
      data: { code: "CAPACITY_REACHED", active_sessions: 3, max_sessions: 3 },
    });
    await fourth.closed;
    expect(await server.fetch("/reset", {})).toMatchObject({ status: 503 });
    clients[0].socket.terminate();
    await waitForSessions(2);
    for (const { socket } of clients) socket.terminate();
    await waitForSessions(0);
  });

  it("open more connections than there may be", async () => {
    await start({ maxConnections: 20 });
    const goOn = await playAlong();
    const { port } = new URL(server.address);
    const ends: Promise<unknown>[] = [];
    const raw = Array.from({ length: 100 }, () => {
      const socket = connectTcp(Number(port), "127.0.0.1");
      socket.on("error", () => undefined).resume();
      ends.push(new Promise((resolve) => socket.once("close", resolve)));
      return socket;
    });
    // The server closes all connections beyond its limit; the first client keeps its connection.
    await Promise.race(ends);
    expect((await server.count()).connections).toBeLessThanOrEqual(20);
    await goOn();
    for (const socket of raw) socket.destroy();
    await goOn();
  });

  it("leave hundreds of connections half open, while others connect", async () => {
    await start({ maxConnections: 40 });
    const goOn = await playAlong();
    const { port } = new URL(server.address);
    const raw: Socket[] = [];
    for (let i = 0; i < 300; i++) {
      const socket = connectTcp(Number(port), "127.0.0.1");
      socket.on("error", () => undefined).resume();
      await once(socket, "connect");
      // A request whose headers do not end.
      socket.write("GET /health HTTP/1.1\r\nHost: ");
      raw.push(socket);
    }
    expect(await server.fetch("/health")).toMatchObject({ status: 200 });
    await (await connect()).ask({ type: "reset", data: {} });
    expect((await server.count()).connections).toBeLessThanOrEqual(40);
    await goOn();
    for (const socket of raw) socket.destroy();
  });

  it("send more requests than they may", async () => {
    await start({ rate: 3 });
    const goOn = await playAlong();
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${server.address}/health`)),
    );
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.headers.get("retry-after")).toBe("1");
    expect(await refused[0]!.json()).toEqual({
      detail: "too many requests; try again after 1 s",
    });
    await expect(connect()).rejects.toThrow(/429/u);
    // Messages of a WebSocket wait.
    await goOn();
  });

  it("send headers that are too large", async () => {
    await start();
    const raw = connectTcp(Number(new URL(server.address).port), "127.0.0.1");
    raw.end(`GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    const [data] = (await once(raw, "data")) as [Buffer];
    expect(data.toString("utf8")).toMatch(/^HTTP\/1\.1 431 /u);
  });

  it("never read, while others play", async () => {
    await start();
    const goOn = await playAlong();
    const deaf = await connect();
    // The client does not read its socket, so replies fill the buffers between them.
    deaf.socket.pause();
    deaf.socket.send(JSON.stringify({ type: "reset", data: {} }));
    for (let i = 0; i < 20_000; i++) deaf.send(JSON.stringify({ type: "state" }));
    for (let i = 0; i < 5; i++) await goOn();
    deaf.socket.terminate();
    await waitForSessions(1);
  });

  it("leave in the middle of everything", async () => {
    await start();
    const goOn = await playAlong();
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const client = await connect();
        client.send(JSON.stringify({ type: "reset", data: {} }));
        if (i % 2 === 0) await client.next();
        client.send(JSON.stringify({ type: "step", data: { command: "hang" } }));
        client.socket.terminate();
      }),
    );
    await goOn();
    await waitForSessions(1);
  });
});

describe("a server", () => {
  it("needs a token when others can reach it", async () => {
    await start();
    await expect(startToyServer({ host: "0.0.0.0" })).rejects.toThrow(
      "serve: --token must be given unless --host is this machine (127.0.0.1), got 0.0.0.0",
    );
    await expect(startToyServer({ token: "short" })).rejects.toThrow(
      "serve: --token must have at least 16 characters, got 5",
    );
  });

  it("counts what happens", async () => {
    await start();
    const client = await connect();
    await client.ask({ type: "reset", data: {} });
    await client.ask({ type: "step", data: { command: "win" } });
    const { body } = await server.fetch("/metrics");
    expect((body as string).split("\n")).toEqual(
      expect.arrayContaining([
        "turnwise_sessions 1",
        "turnwise_sessions_capacity 256",
        "turnwise_episodes 1",
        'turnwise_sessions_opened_total{environment="toy"} 1',
        'turnwise_episodes_total{environment="toy",outcome="success"} 1',
        'turnwise_step_seconds_count{environment="toy"} 1',
      ]),
    );
  });

  it("ends sessions and connections when it stops", async () => {
    await start();
    const client = await connect();
    await client.ask({ type: "reset", data: {} });
    await server.close();
    await client.closed;
    await expect(server.fetch("/health")).rejects.toThrow("fetch failed");
  });
});
