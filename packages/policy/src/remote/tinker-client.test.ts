import { afterEach, describe, expect, it } from "vitest";
import { TinkerClient } from "./tinker-client.ts";
import { jsonServer, type JsonServer } from "./testing/json-server.ts";

let server: JsonServer | undefined;
afterEach(() => server?.close());

describe("TinkerClient", () => {
  it("gives up on a result that stays pending, even if the server does not know the request", async () => {
    server = await jsonServer(({ path }) => ({
      body: path.endsWith("/retrieve_future")
        ? { type: "try_again", queue_state: "active" }
        : { request_id: "17" },
    }));
    const client = new TinkerClient("test", { url: server.url, operationSeconds: 0.02 });
    await expect(client.operate("/optim_step", {})).rejects.toThrow(
      "/optim_step: no result within 0.02 s for request 17",
    );
    expect(server.seen.filter(({ path }) => path.endsWith("/retrieve_future"))).not.toEqual([]);
  });
});
