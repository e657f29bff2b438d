import fc from "fast-check";
import { expect, test } from "vitest";
import { beginChat, continueChat } from "./chat.ts";
import type { ChatMessage } from "./chat-template.ts";
import { findSharedData, readGolden } from "../testing/shared-data.ts";
import { createTokenizer, readTokenizer, type LoadedTokenizer } from "./tokenizer.ts";
import { buildWordVocabulary } from "./word-vocabulary.ts";

const chatMl =
  "{% for m in messages %}{{ '<start> ' + m.role + ' ' + m.content + ' <end> ' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<start> assistant ' }}{% endif %}";

/** Creates a word-level tokenizer with a template. */
function tokenizerWith(template: string | undefined, config: object = {}): LoadedTokenizer {
  const text = "system user assistant tool go to fridge it is open answer question a b c";
  const files = buildWordVocabulary([text], { markers: ["<start>", "<think>", "</think>"] });
  return createTokenizer({
    tokenizer: files.tokenizer,
    config: { ...files.config, ...config },
    ...(template !== undefined && { chatTemplate: template }),
  });
}

const user = (content: string): ChatMessage => ({ role: "user", content });

test("renders a conversation, with the start of an assistant message if requested", () => {
  const { renderChat } = tokenizerWith(chatMl);
  const messages = [{ role: "system", content: "go" }, user("a b")];
  expect(renderChat(messages)).toBe("<start> system go <end> <start> user a b <end> ");
  expect(renderChat(messages, { addGenerationPrompt: true })).toBe(
    "<start> system go <end> <start> user a b <end> <start> assistant ",
  );
});

test("uses the config's template without a file, and the tool template for tools", () => {
  const named = [
    { name: "default", template: "{{ messages[0].content }}{{ eos_token }}" },
    { name: "tool_use", template: "{{ tools[0].name }} {{ messages[0].content }} {{ mood }}" },
  ];
  const { renderChat } = tokenizerWith(undefined, {
    chat_template: named,
    eos_token: { content: "<end>" },
  });
  expect(renderChat([user("a")])).toBe("a<end>");
  const options = { tools: [{ name: "open" }], variables: { mood: "b" } };
  expect(renderChat([user("a")], options)).toBe("open a b");
  expect(tokenizerWith("file", { chat_template: named }).renderChat([])).toBe("file");
});

test("reports a missing template, and messages that the template rejects", () => {
  expect(() => tokenizerWith(undefined).renderChat([user("a")])).toThrow(
    "renderChat: tokenizer must have a chat template, got none",
  );
  const strict = tokenizerWith("{{ raise_exception('roles must alternate') }}");
  expect(() => strict.renderChat([user("a")])).toThrow(
    "renderChat: the template rejected the messages: roles must alternate",
  );
});

test("appends the template's text after an answer, without the part that the answer has", () => {
  const tokenizer = tokenizerWith(chatMl);
  const encode = (text: string): number[] => tokenizer.encode(text);
  const decode = (tokens: readonly number[]): string => tokenizer.decode(tokens);
  const first = beginChat(tokenizer, [user("go to fridge")]);
  expect(decode(first.tokens)).toBe("<start> user go to fridge <end> <start> assistant");
  // A complete answer already ends in the end token; for a truncated one it is added.
  const ended = continueChat(tokenizer, first.chat, encode("a b <end>"), [user("it is")]);
  expect(decode(ended.tokens)).toBe("<start> user it is <end> <start> assistant");
  const cut = continueChat(tokenizer, first.chat, encode("a b"), [user("it is")]);
  expect(decode(cut.tokens)).toBe("<end> <start> user it is <end> <start> assistant");
  expect(cut.chat.messages).toEqual([
    user("go to fridge"),
    { role: "assistant", content: "a b" },
    user("it is"),
  ]);
});

test("supports templates that trim, and empty answers", () => {
  const tokenizer = tokenizerWith(chatMl.replace("m.content", "m.content | trim"));
  const { chat } = beginChat(tokenizer, [user(" a ")]);
  // The word-level tokenizer drops spaces, so add them by hand.
  const spaced = { ...tokenizer, decode: () => "  b " };
  const next = continueChat(spaced, chat, [1], [user("c")]);
  expect(tokenizer.decode(next.tokens)).toBe("<end> <start> user c <end> <start> assistant");
  expect(continueChat(tokenizer, chat, [], [user("c")]).tokens).toEqual(next.tokens);
});

test("refuses templates that render earlier turns differently later", () => {
  const dropsLast = tokenizerWith(
    "{% for m in messages %}{% if loop.index > messages|length - 3 %}{{ m.content + ' ' }}{% endif %}{% endfor %}",
  );
  expect(() => beginChat(dropsLast, [user("a"), user("b")])).toThrow(
    "chat: template must be prefix-stable (render a longer conversation as an extension of the shorter one)",
  );

  // Like Qwen3's templates, drops the reasoning of all turns except the last; visible only if there
  // is reasoning.
  const dropsReasoning = tokenizerWith(
    chatMl.replace("m.content", "m.content.split('</think>')[-1]"),
  );
  const { chat } = beginChat(dropsReasoning, [user("a")]);
  const answer = dropsReasoning.encode("<think> b </think> c <end>");
  expect(() => continueChat(dropsReasoning, chat, answer, [user("go")])).toThrow(
    /got ".* c <end>.*" in place of "<think> b <\/think> c" in message 1 or before/,
  );
});

test("accepts the token that the template puts after an answer as an end token", () => {
  const tokenizer = tokenizerWith(chatMl.replaceAll("<end>", "</think>"));
  const [end, turnEnd] = tokenizer.encode("<end> </think>");
  expect(tokenizer.endToken).toBe(end);
  expect(tokenizer.turnEndToken).toBe(turnEnd);
  expect(tokenizer.endTokens).toEqual([end, turnEnd]);
  const { chat } = beginChat(tokenizer, [user("a")]);
  const next = (answer: string): string =>
    tokenizer.decode(continueChat(tokenizer, chat, tokenizer.encode(answer), [user("c")]).tokens);
  // After the template's own end token nothing is added; after another end token, or none, it is
  // appended.
  expect(next("b </think>")).toBe("<start> user c </think> <start> assistant");
  expect(next("b <end>")).toBe("</think> <start> user c </think> <start> assistant");
  expect(next("b")).toBe("</think> <start> user c </think> <start> assistant");
});

test("refuses templates that put no end token after an answer that has one", () => {
  const tokenizer = tokenizerWith(chatMl.replaceAll("<end>", "open"));
  const { chat } = beginChat(tokenizer, [user("a")]);
  const answer = [...tokenizer.encode("b"), tokenizer.endToken];
  expect(() => continueChat(tokenizer, chat, answer, [user("c")])).toThrow(
    'continueChat: template must put "<end>" after an answer, got " open',
  );
});

for (const folder of ["qwen2-tied", "qwen3-untied", "llama-lora"]) {
  const shared = findSharedData(`policy/${folder}`);
  test.skipIf(!shared)(`encodes a chat to the same ids as transformers: ${folder}`, async () => {
    const tokenizer = await readTokenizer(shared!);
    const { chat, chat_ids } = readGolden(shared!).tokenizer;
    expect(tokenizer.encodeChat(chat, { addGenerationPrompt: true })).toEqual(chat_ids);
  });
}

const shared = findSharedData("policy/qwen2-tied");
test.skipIf(!shared)("grows to the same ids as the complete conversation", async () => {
  const tokenizer = await readTokenizer(shared!);
  const content = fc.string({ unit: "grapheme" });
  const turn = fc.record({ answer: content, isCut: fc.boolean(), question: content });
  fc.assert(
    fc.property(content, fc.array(turn, { maxLength: 4 }), (question, turns) => {
      let { chat, tokens } = beginChat(tokenizer, [user(question)]);
      const grown = [...tokens];
      for (const { answer, isCut, question: next } of turns) {
        const response = [...tokenizer.encode(answer), ...(isCut ? [] : [tokenizer.endToken])];
        ({ chat, tokens } = continueChat(tokenizer, chat, response, [user(next)]));
        grown.push(...response, ...tokens);
      }
      expect(grown).toEqual(tokenizer.encodeChat(chat.messages, { addGenerationPrompt: true }));
    }),
    { numRuns: 50 },
  );
});
