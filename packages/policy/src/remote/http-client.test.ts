import { createServer, type AddressInfo } from "node:net";
import { findFailureKind, SequenceLimitError } from "@turnwise/core";
import { afterEach, describe, expect, it } from "vitest";
import { HttpClient, type RemoteOptions } from "./http-client.ts";
import { RemoteError, RemoteRefusal } from "./remote-error.ts";
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

/** Returns the replies one after the other, and then repeats the last one. */
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

  it("retries after a busy server, a cut connection and a transient failure", async () => {
    const http = await connect(
      inTurn({ status: 503, body: "" }, "cut", { status: 429, body: "" }, { body: { ok: 1 } }),
    );
    expect((await http.send("GET", "/")).field("ok").number()).toBe(1);
    expect(http.numRetries).toBe(3);
  });

  it("waits as long as the server asks", async () => {
    const http = await connect(
      inTurn({ status: 429, body: "", headers: { "retry-after": "0.3" } }, { body: {} }),
    );
    const begun = performance.now();
    await http.send("GET", "/");
    expect(performance.now() - begun).toBeGreaterThan(280);
  });

  it("fails at once if a retry cannot help, naming URL, status and reason", async () => {
    const http = await connect(() => ({ status: 400, body: { error: "prompt  is\ntoo long" } }));
    const error = await http.send("POST", "/v1/completions", {}).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ status: 400, url: `${server!.url}/v1/completions` });
    expect((error as Error).message).toBe(
      `POST ${server!.url}/v1/completions: status must be 200, got 400: {"error":"prompt is\\ntoo long"}`,
    );
    expect(server!.seen).toHaveLength(1);
  });

  it("stops retrying when its patience ends, but not before a second attempt", async () => {
    const http = await connect(() => "cut", { patienceSeconds: 0.05 });
    const error = await http.send("GET", "/x").catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: "RemoteError", kind: "network", status: undefined });
    expect((error as Error).message).toMatch(
      /no answer from the server: .* in attempt \d+, after 0.05 s of retries$/u,
    );
    expect(server!.seen.length).toBeGreaterThan(1);
  });

  it("tries once without patience", async () => {
    const http = await connect(() => ({ status: 503, body: "" }), { patienceSeconds: 0 });
    await expect(http.send("GET", "/x")).rejects.toThrow("status must be 200, got 503");
    expect(server!.seen).toHaveLength(1);
  });

  it("waits until the date, or the milliseconds, that the server names", async () => {
    const http = await connect(
      inTurn(
        {
          status: 429,
          body: "",
          headers: {
            date: "Mon, 30 Nov 2026 12:00:00 GMT",
            "retry-after": "Mon, 30 Nov 2026 12:00:01 GMT",
          },
        },
        { status: 429, body: "", headers: { "retry-after-ms": "200" } },
        { body: {} },
      ),
    );
    const begun = performance.now();
    await http.send("GET", "/");
    expect(performance.now() - begun).toBeGreaterThan(1180);
  });

  it("does not start a wait longer than its patience", async () => {
    const http = await connect(() => ({
      status: 429,
      body: "",
      headers: { "retry-after": "3600" },
    }));
    await expect(http.send("GET", "/")).rejects.toThrow(
      "got 429; the server asks to wait 3600 s, which exceeds patienceSeconds (300)",
    );
    expect(server!.seen).toHaveLength(1);
  });

  it("retries after any server error, and after an invalid answer", async () => {
    const replies: Reply[] = [500, 502, 504, 520, 522, 524, 529, 599].map((status) => ({
      status,
      body: "<html>",
    }));
    const http = await connect(inTurn(...replies, { body: "" }, { body: "<html>" }, { body: {} }), {
      retrySeconds: 0.0001,
    });
    await http.send("GET", "/");
    expect(http.numRetries).toBe(10);
  });

  it("retries an unusable answer a few times, then reports a protocol failure", async () => {
    const http = await connect(() => ({ body: "" }));
    const error = await http.send("GET", "/").catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: "RemoteError", kind: "protocol", status: 200 });
    expect((error as Error).message).toContain('body is not valid JSON: ""');
    expect(server!.seen).toHaveLength(4);
  });

  it("retries after an answer that is truncated or not HTTP", async () => {
    const half: Reply = { headers: { "content-length": "50" }, body: '{"a":', isCut: true };
    const http = await connect(inTurn(half, half, { body: { a: 1 } }));
    expect((await http.send("GET", "/")).field("a").number()).toBe(1);
    const raw = createServer((socket) => socket.resume().end("SSH-2.0-OpenSSH_9.6\r\n"));
    await new Promise<void>((resolve) => {
      raw.listen(0, "127.0.0.1", resolve);
    });
    const url = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
    const other = new HttpClient("test", { url, retrySeconds: 0.01 }, "authorization");
    const error = await other.send("GET", "/").catch((cause: unknown) => cause);
    expect(error).toMatchObject({ kind: "protocol" });
    expect((error as Error).message).toContain(
      "no answer from the server: an answer that is not HTTP",
    );
    other.close();
    await new Promise((resolve) => {
      raw.close(resolve);
    });
  });

  it("refuses an answer over the size limit, announced or not", async () => {
    const long = `"${"x".repeat(5000)}"`;
    const http = await connect(
      ({ path }) => ({
        body: long,
        headers: path === "/chunked" ? {} : { "content-length": String(long.length) },
      }),
      { maxResponseBytes: 5000 },
    );
    for (const path of ["/announced", "/chunked"]) {
      const error = await http.send("GET", path).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ kind: "protocol" });
      expect((error as Error).message).toContain("server: an answer of more than 5000 bytes");
    }
    const enough = await connect(() => ({ body: long }), { maxResponseBytes: long.length });
    expect((await enough.send("GET", "/")).text()).toHaveLength(5000);
  });

  it("reports wrong settings only if every request is refused", async () => {
    const read = (): number => 0;
    const refusing = await connect(() => ({ status: 404, body: "no such model" }));
    const refusal = await refusing.sample("/", {}, "s", read).catch((cause: unknown) => cause);
    expect(refusal).toBeInstanceOf(RemoteRefusal);
    expect(findFailureKind(refusal)).toBeUndefined();
    // Retry a refused sample request, because a gateway may refuse it by mistake; refusals of other
    // requests are final.
    expect(server!.seen).toHaveLength(4);
    await expect(refusing.send("GET", "/")).rejects.toBeInstanceOf(RemoteRefusal);
    expect(server!.seen).toHaveLength(5);
    const http = await connect(
      inTurn({ status: 403, body: "" }, { body: {} }, { status: 401, body: "" }),
    );
    expect(await http.sample("/", {}, "s", read)).toBe(0);
    const later = await http.sample("/", {}, "s", read).catch((cause: unknown) => cause);
    expect(later).toMatchObject({ name: "RemoteError", kind: "protocol", status: 401 });
  });

  it("retries a response if the answer contains an error or cannot be read", async () => {
    const http = await connect(
      inTurn(
        { body: { error: { code: 502, message: "upstream" } } },
        { body: { error: { message: "odd" } } },
        { body: { error: "overloaded" }, headers: { "retry-after-ms": "1" } },
        { body: {} },
        { body: { token: 7 } },
      ),
    );
    const token = await http.sample("/", {}, "s", (answer) => answer.field("token").token());
    expect(token).toBe(7);
    expect(http.numRetries).toBe(4);
  });

  it("classifies an error inside the answer by its own status", async () => {
    const http = await connect(() => ({ body: { error: { code: 400, message: "bad seed" } } }));
    const error = await http.sample("/s", {}, "s", () => 0).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ kind: "protocol", status: 400 });
    expect((error as Error).message).toBe(
      `POST ${server!.url}/s: body must not be an error, got 400: {"error":{"code":400,"message":"bad seed"}}`,
    );
    expect(server!.seen).toHaveLength(1);
  });

  it("distinguishes an overlong sequence from other refusals", async () => {
    const message = "This model's maximum context length is 512 tokens.";
    const http = await connect(
      inTurn({ status: 400, body: { message } }, { status: 400, body: "" }),
    );
    const read = (): number => 0;
    await expect(http.sample("/", {}, "s", read)).rejects.toBeInstanceOf(SequenceLimitError);
    await expect(http.sample("/", {}, "s", read)).rejects.toMatchObject({ kind: "protocol" });
  });

  it("does not wait forever", async () => {
    const http = await connect(async () => new Promise<Reply>(() => undefined), {
      timeoutSeconds: 0.05,
      patienceSeconds: 0.001,
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

  it("limits the number of concurrent requests", async () => {
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

  it("never repeats its key, even if the server does", async () => {
    const http = await connect(
      ({ headers }) => ({ status: 401, body: `bad key ${headers.authorization}` }),
      { apiKey: "secret-1" },
    );
    const error = (await http.send("GET", "/").catch((cause: unknown) => cause)) as Error;
    expect(error.message).toContain("bad key Bearer [key]");
    expect(JSON.stringify(error) + error.stack).not.toContain("secret-1");
  });

  it("quotes a refusal in one line, without control characters", async () => {
    const body = "no:\n\u001b]0;mine\u0007\u009b2J such model";
    const http = await connect(() => ({ status: 400, body }));
    await expect(http.send("GET", "/")).rejects.toThrow(/got 400: no: \]0;mine 2J such model$/u);
  });

  it("names the invalid field", async () => {
    const http = await connect(inTurn({ body: { a: [{ b: "x" }] } }, { body: "<html>" }));
    const answer = await http.send("GET", "/f");
    expect(() => answer.field("a").entries()[0]!.field("b").token()).toThrow(
      `GET ${server!.url}/f: a[0].b must be a whole number >= 0, got "x"`,
    );
    expect(() => answer.field("c").text()).toThrow("c must be a string, got none");
    await expect(http.send("GET", "/f")).rejects.toThrow('body is not valid JSON: "<html>"');
  });

  it("names invalid options", () => {
    const make = (options: RemoteOptions) => () => new HttpClient("test", options, "x-api-key");
    expect(make({ url: "host" })).toThrow(
      "test: url must be http://host or https://host, got host",
    );
    expect(make({ url: "ftp://host" })).toThrow("got ftp://host");
    expect(make({ url: "http://me:pw@host" })).toThrow("must have no user, password");
    expect(make({ url: "http://host", maxResponseBytes: 0 })).toThrow(
      "test: maxResponseBytes must be a whole number >= 1, got 0",
    );
  });
});
