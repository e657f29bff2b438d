import type { AgentFormat } from "@turnwise/envs";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { describe, expect, it } from "vitest";
import {
  toChatFormat,
  toChatTokenizer,
  describeMissingChat,
  toPlainFormat,
} from "./chat-format.ts";

const format: AgentFormat = {
  presentation: "turn-wise",
  prompt: (history, { text }) => `${history.length}: ${text}`,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: true }),
};

const words = buildWordVocabulary(["look"]);
const template =
  "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

describe("toChatFormat", () => {
  it("renders each prompt as a message in the model's template", () => {
    const tokenizer = createTokenizer({ ...words, chatTemplate: template });
    const chat = toChatFormat(format, tokenizer, "folder");
    expect(chat.prompt([], { text: "You see a fridge." })).toBe(
      "<user>0: You see a fridge.</user><assistant>",
    );
    expect(chat.parse("look", { text: "" })).toEqual({ action: "look", isValid: true });
  });

  it("refuses models without a template, and concatenated formats", () => {
    const tokenizer = createTokenizer(words);
    expect(() => toChatFormat(format, tokenizer, "folder")).toThrow(
      "folder: renderChat: tokenizer must have a chat template, got none",
    );
    expect(() =>
      toChatFormat({ ...format, presentation: "concatenated" }, tokenizer, "folder"),
    ).toThrow("folder: a chat template needs a turn-wise format, got a concatenated format");
  });
});

describe("toChatTokenizer", () => {
  it("ends responses with the token that ends a turn in the template", () => {
    const files = buildWordVocabulary(["look"], { markers: ["<turn>"] });
    const chatTemplate = "{% for m in messages %}{{ m.content }}<turn>{% endfor %}";
    const tokenizer = createTokenizer({ ...files, chatTemplate });
    expect(tokenizer.endToken).toBe(tokenizer.tokenId("<end>"));
    expect(toChatTokenizer(tokenizer).endToken).toBe(tokenizer.tokenId("<turn>"));
    expect(toChatTokenizer(createTokenizer(files)).endToken).toBe(tokenizer.endToken);
  });
});

describe("toPlainFormat", () => {
  const files = buildWordVocabulary(["look"], { markers: ["<bos>"] });
  const tokenizer = createTokenizer({
    ...files,
    config: { ...files.config, add_bos_token: true, bos_token: "<bos>" },
  });
  const past = [{ observation: { text: "" }, action: "look" }];
  const promptsOf = (changed: AgentFormat): string[] => [
    changed.prompt([], { text: "a" }),
    changed.prompt(past, { text: "b" }),
  ];

  it("begins each sequence as the tokenizer specifies", () => {
    expect(promptsOf(toPlainFormat(format, tokenizer))).toEqual(["<bos>0: a", "<bos>1: b"]);
    const growing = { ...format, presentation: "concatenated" } as const;
    expect(promptsOf(toPlainFormat(growing, tokenizer))).toEqual(["<bos>0: a", "1: b"]);
    const begun = { ...format, prompt: () => "<bos>a" };
    expect(promptsOf(toPlainFormat(begun, tokenizer))).toEqual(["<bos>a", "<bos>a"]);
    expect(promptsOf(toPlainFormat(format, createTokenizer(words)))).toEqual(["0: a", "1: b"]);
  });
});

describe("describeMissingChat", () => {
  it("warns about a template that is not used", () => {
    const tokenizer = createTokenizer({ ...words, chatTemplate: template });
    const growing = { ...format, presentation: "concatenated" } as const;
    expect(describeMissingChat(format, tokenizer, "folder", "--chat")).toBe(
      "folder: the model has a chat template, but prompts are plain text; use --chat to apply the template",
    );
    expect(describeMissingChat(growing, tokenizer, "folder", "--chat")).toBe(
      "folder: the model has a chat template, but prompts are plain text; use --chat with a turn-wise format to apply the template",
    );
    const marked = { ...growing, prompt: () => "<|im_start|>user" };
    expect(describeMissingChat(marked, tokenizer, "folder", "--chat")).toBeUndefined();
    expect(describeMissingChat(format, createTokenizer(words), "f", "--chat")).toBeUndefined();
  });
});
