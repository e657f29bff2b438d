import type { AgentFormat } from "@turnwise/envs";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { describe, expect, it } from "vitest";
import { chatFormat, chatTokenizer, missingChatWarning, plainFormat } from "./chat-format.ts";

const format: AgentFormat = {
  presentation: "turn-wise",
  prompt: (history, { text }) => `${history.length}: ${text}`,
  write: (action) => action,
  parse: (response) => ({ action: response, isValid: true }),
};

const words = buildWordVocabulary(["look"]);
const template =
  "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

describe("chatFormat", () => {
  it("makes each prompt a message in the model's template", () => {
    const tokenizer = createTokenizer({ ...words, chatTemplate: template });
    const chat = chatFormat(format, tokenizer, "folder");
    expect(chat.prompt([], { text: "You see a fridge." })).toBe(
      "<user>0: You see a fridge.</user><assistant>",
    );
    expect(chat.parse("look", { text: "" })).toEqual({ action: "look", isValid: true });
  });

  it("refuses models without a template, and formats that grow as one sequence", () => {
    const tokenizer = createTokenizer(words);
    expect(() => chatFormat(format, tokenizer, "folder")).toThrow(
      "folder: renderChat: tokenizer must have a chat template, got none",
    );
    expect(() =>
      chatFormat({ ...format, presentation: "concatenated" }, tokenizer, "folder"),
    ).toThrow("folder: a chat must be played turn by turn");
  });
});

describe("chatTokenizer", () => {
  it("ends responses with the token that ends a turn in the template", () => {
    const files = buildWordVocabulary(["look"], { markers: ["<turn>"] });
    const chatTemplate = "{% for m in messages %}{{ m.content }}<turn>{% endfor %}";
    const tokenizer = createTokenizer({ ...files, chatTemplate });
    expect(tokenizer.endToken).toBe(tokenizer.tokenId("<end>"));
    expect(chatTokenizer(tokenizer).endToken).toBe(tokenizer.tokenId("<turn>"));
    expect(chatTokenizer(createTokenizer(files)).endToken).toBe(tokenizer.endToken);
  });
});

describe("plainFormat", () => {
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
    expect(promptsOf(plainFormat(format, tokenizer))).toEqual(["<bos>0: a", "<bos>1: b"]);
    const growing = { ...format, presentation: "concatenated" } as const;
    expect(promptsOf(plainFormat(growing, tokenizer))).toEqual(["<bos>0: a", "1: b"]);
    const begun = { ...format, prompt: () => "<bos>a" };
    expect(promptsOf(plainFormat(begun, tokenizer))).toEqual(["<bos>a", "<bos>a"]);
    expect(promptsOf(plainFormat(format, createTokenizer(words)))).toEqual(["0: a", "1: b"]);
  });
});

describe("missingChatWarning", () => {
  it("warns where a model has a template that is not used", () => {
    const tokenizer = createTokenizer({ ...words, chatTemplate: template });
    const growing = { ...format, presentation: "concatenated" } as const;
    expect(missingChatWarning(format, tokenizer, "folder", "--chat")).toBe(
      "folder: model has a chat template, but prompts are plain text; --chat uses the template",
    );
    expect(missingChatWarning(growing, tokenizer, "folder", "--chat")).toBe(
      "folder: model has a chat template, but prompts are plain text; --chat with a turn-wise format uses the template",
    );
    const marked = { ...growing, prompt: () => "<|im_start|>user" };
    expect(missingChatWarning(marked, tokenizer, "folder", "--chat")).toBeUndefined();
    expect(missingChatWarning(format, createTokenizer(words), "f", "--chat")).toBeUndefined();
  });
});
