import { afterEach, describe, expect, it } from "vitest";
import { HttpClient, type RemoteOptions } from "./http-client.ts";
import { RemoteError } from "./remote-error.ts";
import {
  jsonServer,
  type JsonServer,
  type Reply,
  type SeenRequest,
} from "./testing/json-server.ts";

let server: JsonServer | undefined;
let client: HttpClient | undefined;
afterEach(async () => {
  client?.close();
  await server?.close();
});

async function connect(
  reply: (request: SeenRequest) => Reply | Promise<Reply>,
  options: Partial<RemoteOptions> = {},
): Promise<HttpClient> {
  server = await jsonServer(reply);
  client = new HttpClient(
    "test",
    { url: server.url, retrySeconds: 0.01, ...options },
    "authorization",
  );
  return client;
}

/** Answers in turn, the last one again and again. */
function inTurn(...replies: readonly Reply[]): () => Reply {
  let next = 0;
  return () => replies[Math.min(next++, replies.length - 1)]!;
}

describe("HttpClient", () => {
  it("sends JSON with its key and reads JSON", async () => {
    const http = await connect(() => ({ body: { answer: [1, "x"] } }), { apiKey: "secret-1" });
    const answer = await http.send("POST", "/ask", { question: "ü" });
    expect(answer.field("answer").entries()[0]!.number()).toBe(1);
    expect(server!.seen[0]).toMatchObject({
      method: "POST",
      path: "/ask",
      body: { question: "ü" },
      headers: { authorization: "Bearer secret-1", "content-type": "application/json" },
    });
  });

  it("tries again after a busy server, a cut connection and a failure that may pass", async () => {
    const http = await connect(
      inTurn({ status: 503, body: "" }, "cut", { status: 429, body: "" }, { body: { ok: 1 } }),
    );
    expect((await http.send("GET", "/")).field("ok").number()).toBe(1);
    expect(http.numRetries).toBe(3);
  });

  it("waits as long as the server asks it to", async () => {
    const http = await connect(
      inTurn({ status: 429, body: "", headers: { "retry-after": "0.3" } }, { body: {} }),
    );
    const begun = performance.now();
    await http.send("GET", "/");
    expect(performance.now() - begun).toBeGreaterThan(280);
  });

  it("gives up at once where trying again cannot help, naming URL, status and reason", async () => {
    const http = await connect(() => ({ status: 400, body: { error: "prompt  is\ntoo long" } }));
    const error = await http.send("POST", "/v1/completions", {}).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ status: 400, url: `${server!.url}/v1/completions` });
    expect((error as Error).message).toBe(
      `POST ${server!.url}/v1/completions: status must be 200, got 400: {"error":"prompt is\\ntoo long"}`,
    );
    expect(server!.seen).toHaveLength(1);
  });

  it("gives up after its attempts", async () => {
    const http = await connect(() => "cut", { maxAttempts: 3 });
    await expect(http.send("GET", "/x")).rejects.toThrow(
      /server must answer, got .* in attempt 3$/u,
    );
    expect(server!.seen).toHaveLength(3);
  });

  it("does not wait for ever", async () => {
    const http = await connect(async () => new Promise<Reply>(() => undefined), {
      timeoutSeconds: 0.05,
      maxAttempts: 2,
    });
    await expect(http.send("GET", "/")).rejects.toThrow("no answer within 0.05 s in attempt 2");
  });

  it("ends with the signal's reason, also between attempts", async () => {
    const http = await connect(() => ({ status: 503, body: "" }), { retrySeconds: 100 });
    const controller = new AbortController();
    const sent = http.send("GET", "/", undefined, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(sent).rejects.toThrow("enough");
  });

  it("has no more requests under way than it may", async () => {
    let now = 0;
    let most = 0;
    const http = await connect(
      async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
        now -= 1;
        return { body: {} };
      },
      { maxConcurrent: 3 },
    );
    await Promise.all(Array.from({ length: 10 }, async () => http.send("GET", "/")));
    expect(most).toBe(3);
  });

  it("never repeats its key, even where the server does", async () => {
    const http = await connect(
      ({ headers }) => ({ status: 401, body: `bad key ${headers.authorization}` }),
      { apiKey: "secret-1" },
    );
    const error = (await http.send("GET", "/").catch((cause: unknown) => cause)) as Error;
    expect(error.message).toContain("bad key Bearer [key]");
    expect(JSON.stringify(error) + error.stack).not.toContain("secret-1");
  });

  it("names the field that is not as it must be", async () => {
    const http = await connect(inTurn({ body: { a: [{ b: "x" }] } }, { body: "<html>" }));
    const answer = await http.send("GET", "/f");
    expect(() => answer.field("a").entries()[0]!.field("b").token()).toThrow(
      `GET ${server!.url}/f: a[0].b must be a whole number >= 0, got "x"`,
    );
    expect(() => answer.field("c").text()).toThrow("c must be a text, got nothing");
    await expect(http.send("GET", "/f")).rejects.toThrow('body must be JSON, got "<html>"');
  });

  it("says what it cannot use", () => {
    const make = (options: RemoteOptions) => () => new HttpClient("test", options, "x-api-key");
    expect(make({ url: "host" })).toThrow(
      "test: url must be http://host or https://host, got host",
    );
    expect(make({ url: "ftp://host" })).toThrow("got ftp://host");
    expect(make({ url: "http://me:pw@host" })).toThrow("must have no user, password");
    expect(make({ url: "http://host", maxAttempts: 0 })).toThrow(
      "test: maxAttempts must be a whole number >= 1, got 0",
    );
  });
});
