import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { writeJson } from "../files/json-file.ts";
import { findSharedData, readGolden } from "../testing/shared-data.ts";
import { createTokenizer, readTokenizer, writeTokenizer } from "./tokenizer.ts";
import { buildWordVocabulary } from "./word-vocabulary.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-tokenizer-"));
afterAll(() => rm(directory, { recursive: true }));

test("gives frequent words small ids, after the special tokens and markers", () => {
  const files = buildWordVocabulary(["go to fridge 1, then go to sink.", "go!"], {
    markers: ["<act>"],
    words: ["apple"],
  });
  const tokenizer = createTokenizer(files);
  expect(tokenizer.decode(Array.from({ length: 13 }, (_, id) => id))).toBe(
    "<end> <unknown> <act> apple go to ! , . 1 fridge sink then",
  );
  expect(tokenizer.vocabularySize).toBe(13);
});

test("splits words from punctuation, finds markers anywhere, and joins with single spaces", () => {
  const files = buildWordVocabulary(["You see the fridge 1's door, café 你好"], {
    markers: ["<act>", "</act>"],
  });
  const tokenizer = createTokenizer(files);
  const text = "You  see<act>the\n\nfridge 1</act>.<end>";
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(
    "You see <act> the fridge 1 </act> <unknown> <end>",
  );
  expect(tokenizer.encode(text).at(-1)).toBe(tokenizer.endToken);
  expect(tokenizer.decode(tokenizer.encode("café 你好, 1's"))).toBe("café 你好 , 1 ' s");
  expect(tokenizer.encode("")).toEqual([]);
  expect(tokenizer.decode([])).toBe("");
});

test("keeps the most frequent words within a limit", () => {
  const texts = ["a b b c c c"];
  const size = (options: object): number =>
    createTokenizer(buildWordVocabulary(texts, options)).vocabularySize;
  expect(size({ maxSize: 4 })).toBe(4);
  expect(size({ minCount: 2 })).toBe(4);
  const small = createTokenizer(buildWordVocabulary(texts, { maxSize: 3 }));
  expect(small.decode(small.encode("a b c"))).toBe("<unknown> <unknown> c");
});

test("reproduces every text of known words, up to spaces", () => {
  const words = ["go", "to", "fridge", "1", ",", ".", "<act>", "constructor", "__proto__"];
  const tokenizer = createTokenizer(buildWordVocabulary([words.join(" ")], { markers: ["<act>"] }));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words)), (chosen) => {
      const text = chosen.join(" ").replaceAll("__proto__", "_ _ proto _ _");
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
  );
});

test("is the same after writing and reading its files", async () => {
  const files = buildWordVocabulary(["go to fridge 1."], { markers: ["<act>"] });
  await writeTokenizer(directory, files);
  const read = await readTokenizer(directory);
  expect(read.files).toEqual(files);
  expect(read.encode("go <act> .")).toEqual(createTokenizer(files).encode("go <act> ."));
});

test("requires an end token in the vocabulary", () => {
  const files = buildWordVocabulary(["go"]);
  expect(() => createTokenizer({ ...files, config: {} })).toThrow(
    "createTokenizer: endToken must be given if the files define no eos_token, got none",
  );
  expect(() => createTokenizer(files, { endToken: "</s>" })).toThrow(
    'createTokenizer: endToken must be in the vocabulary, got "</s>"',
  );
});

/** Creates the folder of a word-level tokenizer without an end token, and other files as given. */
async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(directory, "folder-"));
  const { tokenizer, config } = buildWordVocabulary(["user assistant a"], {
    markers: ["<eot>", "<im_end>", "<bos>"],
  });
  const { eos_token: _, ...rest } = config;
  await writeJson(join(folder, "tokenizer.json"), { ...tokenizer, ...Object(files["tokenizer"]) });
  await writeJson(join(folder, "tokenizer_config.json"), { ...rest, ...Object(files["config"]) });
  for (const [name, content] of Object.entries(files)) {
    if (name.endsWith(".json")) await writeJson(join(folder, name), content);
  }
  return folder;
}

/** Ids of words in the vocabulary of {@link folderWith}. */
const wordIds = { end: 0, eot: 2, imEnd: 3, bos: 4 };

const chatMl =
  "{% for m in messages %}<user>{{ m.content }}<im_end>\n{% endfor %}" +
  "{% if add_generation_prompt %}<user>{% endif %}";

test("ends a response at the tokens of all files", async () => {
  const folder = await folderWith({
    config: { eos_token: "<end>", chat_template: chatMl },
    // Id 99 is outside the vocabulary.
    "generation_config.json": { eos_token_id: [wordIds.eot, wordIds.end, 99] },
  });
  const tokenizer = await readTokenizer(folder);
  expect(tokenizer.endToken).toBe(wordIds.end);
  expect(tokenizer.endTokens).toEqual([wordIds.end, wordIds.eot, wordIds.imEnd]);
  expect(tokenizer.turnEndToken).toBe(wordIds.imEnd);
  // The tokenizer that a policy saves next to its weights has the same end tokens.
  const copy = join(folder, "copy");
  await writeTokenizer(copy, tokenizer.files);
  expect((await readTokenizer(copy)).endTokens).toEqual(tokenizer.endTokens);
});

test.each<[string, Readonly<Record<string, unknown>>, number]>([
  ["special_tokens_map.json", { "special_tokens_map.json": { eos_token: "<eot>" } }, wordIds.eot],
  [
    "special_tokens_map.json, as an object",
    { config: { eos_token: null }, "special_tokens_map.json": { eos_token: { content: "<eot>" } } },
    wordIds.eot,
  ],
  ["generation_config.json", { "generation_config.json": { eos_token_id: 3 } }, wordIds.imEnd],
  ["config.json", { "config.json": { eos_token_id: [2, 3] } }, wordIds.eot],
  ["the chat template", { config: { chat_template: chatMl } }, wordIds.imEnd],
])("finds an end token that is only in %s", async (_, files, expected) => {
  expect((await readTokenizer(await folderWith(files))).endToken).toBe(expected);
});

test("prefers generation_config.json to config.json, as transformers does", async () => {
  const folder = await folderWith({
    "config.json": { eos_token_id: 2 },
    "generation_config.json": { eos_token_id: 3 },
  });
  expect((await readTokenizer(folder)).endTokens).toEqual([3]);
});

test("refuses end token ids that are not ids", async () => {
  const folder = await folderWith({ "generation_config.json": { eos_token_id: ["<eot>"] } });
  await expect(readTokenizer(folder)).rejects.toThrow(
    'generation_config.json: eos_token_id must be a whole number >= 0 or a list of them, got ["<eot>"]',
  );
});

const postProcessor = {
  type: "TemplateProcessing",
  single: [
    { SpecialToken: { id: "<bos>", type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { SpecialToken: { id: "<end>", type_id: 0 } },
  ],
  pair: [],
  special_tokens: {
    "<bos>": { id: "<bos>", ids: [wordIds.bos], tokens: ["<bos>"] },
    "<end>": { id: "<end>", ids: [wordIds.end], tokens: ["<end>"] },
  },
};

test.each<[string, object, object, number[]]>([
  ["nothing asks for it", {}, {}, []],
  ["the post-processor puts it there", { post_processor: postProcessor }, {}, [wordIds.bos]],
  ["add_bos_token is true", {}, { add_bos_token: true, bos_token: "<bos>" }, [wordIds.bos]],
  ["add_bos_token is false", { post_processor: postProcessor }, { add_bos_token: false }, []],
  [
    "adds the start token of a prompt as the tokenizer specifies: %s",
    {},
    { add_bos_token: true, bos_token: null },
    [],
  ],
])("Not twice, and not inside a sequence.", async (_, json, config, begin) => {
  const folder = await folderWith({ tokenizer: json, config: { eos_token: "<end>", ...config } });
  const tokenizer = await readTokenizer(folder);
  expect(tokenizer.beginTokens).toEqual(begin);
  const [a] = tokenizer.encode("a");
  expect(tokenizer.encodePrompt("a")).toEqual([...begin, a]);
  // BOS is not added twice, and not inside a sequence.
  expect(tokenizer.encodePrompt("<bos> a")).toEqual([wordIds.bos, a]);
  expect(tokenizer.encode("a")).toEqual([a]);
});

test("refuses files that are not a tokenizer's", () => {
  const { tokenizer, config } = buildWordVocabulary(["go"]);
  const model = tokenizer["model"] as Record<string, unknown>;
  const withModel =
    (change: object): (() => unknown) =>
    () =>
      createTokenizer({ tokenizer: { ...tokenizer, model: { ...model, ...change } }, config });
  expect(withModel({ vocab: undefined })).toThrow(
    "model of tokenizer.json must have a vocab, got {",
  );
  expect(() => createTokenizer({ tokenizer: {}, config })).toThrow(
    "must have a vocab, got undefined",
  );
  expect(withModel({ vocab: { "<end>": 0, go: -1 } })).toThrow(
    'createTokenizer: ids must be whole numbers >= 0, got -1 for "go"',
  );
  expect(withModel({ type: "Sentence" })).toThrow(
    'createTokenizer: model of tokenizer.json must be BPE, Unigram, WordLevel, WordPiece, got "Sentence"',
  );
  const normalizer = { type: "Unheard" };
  expect(() => createTokenizer({ tokenizer: { ...tokenizer, normalizer }, config })).toThrow(
    "createTokenizer: the tokenizers library cannot read tokenizer.json: ",
  );
});

for (const folder of ["policy/qwen2-tied", "policy/qwen3-untied", "policy/llama-lora"]) {
  const shared = findSharedData(folder);
  test.skipIf(!shared)(`encodes like the tokenizers library: ${folder}`, async () => {
    const tokenizer = await readTokenizer(shared!);
    const { text, ids, decoded, chat_ids } = readGolden(shared!).tokenizer;
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.encode(tokenizer.decode(chat_ids))).toEqual(chat_ids);
    expect(tokenizer.endToken).toBe(tokenizer.tokenId("<|im_end|>"));
    expect(tokenizer.vocabularySize).toBeLessThanOrEqual(512);
  });
}

test("reads files with a byte order mark, and refuses bytes that are not text", async () => {
  const files = buildWordVocabulary(["go to fridge 1"]);
  const chatTemplate = "{{ messages[0].content }}";
  const folder = await mkdtemp(join(directory, "marked-"));
  await writeTokenizer(folder, { ...files, chatTemplate });
  const names = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  for (const encoding of ["utf8", "utf16le"] as const) {
    for (const [i, name] of names.entries()) {
      await writeFile(join(folder, name), Buffer.from(`\uFEFF${texts[i]}`, encoding));
    }
    expect((await readTokenizer(folder)).files).toEqual({ ...files, chatTemplate });
  }
  await writeFile(join(folder, "chat_template.jinja"), Uint8Array.of(0x7b, 0xe9));
  await expect(readTokenizer(folder)).rejects.toThrow(
    /chat_template\.jinja: text must be UTF-8, got byte 0xe9 at offset 1$/u,
  );
});
