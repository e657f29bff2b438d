import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createChatSampler, textTokenizer, type ChatSamplerOptions } from "./chat-sampler.ts";
import { jsonServer, type JsonServer, type Reply } from "./testing/json-server.ts";

let folder = "";
let server: JsonServer;
const replies: Reply[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-cache-"));
  replies.length = 0;
  server = await jsonServer(() => replies.shift() ?? answerWith(`answer ${server.seen.length}`));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const answerWith = (content: string): Reply => ({
  body: {
    choices: [{ message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
  },
});

/** Asks a new sampler, and returns its response as text. */
async function ask(
  text: string,
  seed: string,
  options: Partial<ChatSamplerOptions> = {},
  temperature = 1,
): Promise<string> {
  const sampler = createChatSampler({
    url: `${server.url}/v1`,
    model: "m",
    apiKey: "secret",
    retrySeconds: 0.01,
    cacheFolder: folder,
    ...options,
  });
  const response = await sampler.sample({
    promptTokens: textTokenizer.encode(text),
    seed,
    temperature,
    maxTokens: 10,
    stopTokens: [0],
  });
  sampler.close();
  return textTokenizer.decode(response.tokens.slice(0, -1));
}

const listEntries = async (): Promise<string[]> => {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
};

describe("a cache of answers", () => {
  it("sends an equal request with an equal seed once, and any other again", async () => {
    expect(await ask("north?", "a")).toBe("answer 1");
    expect(await ask("north?", "a")).toBe("answer 1");
    expect(server.seen).toHaveLength(1);
    expect(await ask("south?", "a")).toBe("answer 2");
    expect(await ask("north?", "b")).toBe("answer 3");
    expect(await ask("north?", "a", { model: "other" })).toBe("answer 4");
    expect(await ask("north?", "a", {}, 0.5)).toBe("answer 5");
    expect(await ask("north?", "a", { url: server.url })).toBe("answer 6");
    // Even if no seed is sent to the server, each sample has its own cached answer.
    expect(await ask("north?", "a", { sendsSampling: false })).toBe("answer 7");
    expect(await ask("north?", "b", { sendsSampling: false })).toBe("answer 8");
    expect(await ask("north?", "b", { sendsSampling: false })).toBe("answer 8");
    expect(await listEntries()).toHaveLength(8);
  });

  it("keeps neither the key nor errors, refusals and malformed answers", async () => {
    replies.push({ status: 429, body: "", headers: { "retry-after-ms": "1" } });
    replies.push({ body: { choices: [] } }, { body: { error: { message: "upstream" } } }, "cut");
    expect(await ask("north?", "a")).toBe("answer 5");
    const [entry, ...others] = await listEntries();
    expect(others).toEqual([]);
    expect(await readFile(entry!, "utf8")).not.toContain("secret");
    replies.push({ status: 400, body: "no" });
    await expect(ask("south?", "a")).rejects.toThrow("status must be 200, got 400: no");
    expect(await listEntries()).toEqual([entry]);
  });

  it("fetches the answer of a damaged entry again, and names it", async () => {
    await ask("north?", "a");
    const [entry] = await listEntries();
    const text = await readFile(entry!, "utf8");
    const damages = ["", text.slice(0, 40), text.replace("answer 1", "answer 9"), "null", "[]"];
    for (const [i, damage] of damages.entries()) {
      await writeFile(entry!, damage);
      const damaged: string[] = [];
      const onDamagedCache = (path: string): void => void damaged.push(path);
      expect(await ask("north?", "a", { onDamagedCache })).toBe(`answer ${i + 2}`);
      expect(damaged).toEqual([entry]);
      expect(await ask("north?", "a", { onDamagedCache })).toBe(`answer ${i + 2}`);
      expect(damaged).toEqual([entry]);
    }
  });
});
