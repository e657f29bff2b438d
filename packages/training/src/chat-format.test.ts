import type { AgentFormat } from "@turnwise/envs";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { describe, expect, it } from "vitest";
import { chatFormat } from "./chat-format.ts";

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
