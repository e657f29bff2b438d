import {
  checkInteger,
  checkPositive,
  type SampledResponse,
  type Sampler,
  type SampleRequest,
  type TokenUsage,
  type Tokenizer,
} from "@turnwise/core";
import { HttpClient, type RemoteOptions } from "./http-client.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { refuseOptions } from "./refuse-options.ts";
import { seedNumber } from "./seed-number.ts";

/**
 * Tokenizer whose tokens are UTF-16 code units, with 0 as the end token. For hosted models that
 * exchange text and do not reveal their own tokens.
 */
export const textTokenizer: Tokenizer = {
  vocabularySize: 65_536,
  endToken: 0,
  encode: (text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  decode: (tokens) => {
    let text = "";
    // Convert in chunks, because JavaScript limits the number of arguments of a call.
    for (let start = 0; start < tokens.length; start += 4096) {
      text += String.fromCharCode(...tokens.slice(start, start + 4096));
    }
    return text;
  },
};

/** Separator between the system message and the user message in the first prompt of an episode. */
const systemEnd = "\u001e";

/**
 * Prompt template for {@link createChatSampler}: system and user text as separate messages. It has the
 * interface of the environments' chat templates.
 */
export const messageTemplate: {
  first(system: string, user: string): string;
  next(user: string): string;
} = {
  // A separator in the user's text has no effect, because only the first separator counts.
  first: (system, user) => `${system.replaceAll(systemEnd, " ")}${systemEnd}${user}`,
  next: (user) => user,
};

/** Tool in the format of the chat-completions API. */
export interface ChatTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

/** Options of {@link createChatSampler}. */
export interface ChatSamplerOptions extends RemoteOptions {
  /** Name of the model on the server. */
  readonly model: string;
  /** Maximum length of an answer, in the model's own tokens. Default 4096. */
  readonly maxResponseTokens?: number;
  /** Name of the field for this limit; newer models reject `max_tokens`. Default `max_tokens`. */
  readonly limitField?: "max_tokens" | "max_completion_tokens";
  /**
   * Maximum length of the conversation including the next answer, in UTF-16 code units. Default
   * 400,000.
   */
  readonly maxSequenceTokens?: number;
  /** Sends temperature and seed, which some models reject. Default true. */
  readonly sendsSampling?: boolean;
  /**
   * Tools that the model may call through the API. A call becomes the text
   * `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` after the model's message, and the
   * observation goes back as the tool's message. Without tools, the conversation is plain text.
   */
  readonly tools?: readonly ChatTool[];
  /**
   * Sends `parallel_tool_calls: false` along with tools; some servers reject the field. Default
   * true.
   */
  readonly sendsParallelToolCalls?: boolean;
  /** Additional fields of each request, such as `{ reasoning_effort: "low" }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | null;
  readonly tool_calls?: unknown;
  readonly tool_call_id?: string;
  /** Reasoning of the model; servers use different field names. */
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_details?: unknown;
}

/** Fields of an answer that some servers require in the next request. */
const reasoningFields = ["reasoning_content", "reasoning", "reasoning_details"] as const;

interface Conversation {
  readonly messages: readonly Message[];
  /** Number of tokens of the sequence that are already in the messages. */
  readonly numTokens: number;
  /** Ids of the tool calls in the last message, each of which needs an answer. */
  readonly callIds: readonly string[];
}

const empty: Conversation = { messages: [], numTokens: 0, callIds: [] };

/**
 * Sampler for a hosted model with a `/chat/completions` API: it can play any environment with the
 * same rollout code as training. Uses {@link textTokenizer}; the text that a prompt adds to a named
 * sequence becomes the next message. The API returns no log-probs or entropies: both lists are
 * empty, and the records cannot be used for training.
 *
 * @param options.url - Base URL with the version: `https://host/v1`.
 */
export function createChatSampler(options: ChatSamplerOptions): Sampler & { close(): void } {
  const { model, maxResponseTokens = 4096, limitField = "max_tokens", tools = [] } = options;
  const { maxSequenceTokens = 400_000, sendsSampling = true, extra = {} } = options;
  const { sendsParallelToolCalls = true } = options;
  checkInteger("createChatSampler", { maxResponseTokens }, { min: 1 });
  checkPositive("createChatSampler", { maxSequenceTokens });
  const client = new HttpClient(
    "createChatSampler",
    { maxResponseBytes: 8 * 2 ** 20, ...options },
    "authorization",
  );
  const conversations = new Map<string, Conversation>();

  const ask = async (
    messages: readonly Message[],
    request: SampleRequest,
    signal: AbortSignal | undefined,
  ): Promise<ChatAnswer> =>
    client.sample(
      "/chat/completions",
      {
        model,
        messages,
        [limitField]: maxResponseTokens,
        ...(sendsSampling && {
          temperature: request.temperature ?? 1,
          seed: seedNumber(request.seed),
        }),
        ...(tools.length > 0 && {
          tools,
          ...(sendsParallelToolCalls && { parallel_tool_calls: false }),
        }),
        ...extra,
      },
      request.seed,
      (answer) => readChoice(answer, messages.length),
      signal,
    );

  return {
    capabilities: {
      entropies: "none",
      maxSequenceTokens,
      weights: { transport: "none", verification: "none", maxAdapters: 0 },
    },
    load: async ({ version }) => {
      if (version === 0) return 0;
      throw new RangeError(
        `createChatSampler: weights.version must be 0, because the server owns the weights, got ${version}`,
      );
    },
    sample: async (request, signal) => {
      refuseOptions("sample", request);
      const { promptTokens, sequenceId } = request;
      const before =
        (sequenceId === undefined ? undefined : conversations.get(sequenceId)) ?? empty;
      const added = textTokenizer.decode(promptTokens.slice(before.numTokens));
      const messages = [...before.messages, ...parseNewMessages(before, added)];
      const answer = await ask(messages, request, signal);
      const { text, message, callIds, isCut } = answer;
      // Remove end tokens inside the text; one is appended at the end.
      const letters = textTokenizer.encode(text.replaceAll("\0", " "));
      const tokens = isCut ? letters : [...letters, textTokenizer.endToken];
      if (sequenceId !== undefined) {
        conversations.set(sequenceId, {
          messages: [...messages, message],
          numTokens: promptTokens.length + tokens.length,
          callIds,
        });
      }
      const response: SampledResponse = {
        tokens,
        logProbs: [],
        entropies: [],
        stopReason: isCut ? "length" : "stop-token",
        ...(answer.usage && { usage: answer.usage }),
      };
      return response;
    },
    release: (sequenceId) => void conversations.delete(sequenceId),
    close: () => client.close(),
  };
}

function parseNewMessages({ messages, callIds }: Conversation, text: string): Message[] {
  if (messages.length === 0) {
    const mark = text.indexOf(systemEnd);
    if (mark === -1) return [{ role: "user", content: text }];
    return [
      { role: "system", content: text.slice(0, mark) },
      { role: "user", content: text.slice(mark + 1) },
    ];
  }
  const [answered, ...others] = callIds;
  if (answered === undefined) return [{ role: "user", content: text }];
  return [
    { role: "tool", tool_call_id: answered, content: text },
    // The API requires an answer to every call.
    ...others.map((id) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: "Not run: one call at a time.",
    })),
  ];
}

/** Message of the model, as text and in the form that the next request must contain. */
interface ChatMessage {
  readonly text: string;
  readonly message: Message;
  readonly callIds: readonly string[];
}

/** Message with its finish reason and token counts. */
interface ChatAnswer extends ChatMessage {
  readonly isCut: boolean;
  /** Token counts; absent if the server does not report them. */
  readonly usage?: TokenUsage;
}

/** Reads the first choice of an answer. @param place - Number of messages before the answer. */
function readChoice(answer: JsonAnswer, place: number): ChatAnswer {
  const [choice] = answer.field("choices").entries();
  if (choice === undefined) throw answer.field("choices").ruleError("contain a choice");
  const reason = choice.field("finish_reason");
  // Gateways report errors of the model's server inside the choice.
  if (!choice.field("error").isAbsent) throw choice.field("error").ruleError("be absent");
  if (reason.raw === "error") throw reason.ruleError("not be an error");
  const usage = readUsage(answer.field("usage"));
  return { ...readMessage(choice, place), isCut: reason.raw === "length", ...(usage && { usage }) };
}

function readUsage(used: JsonAnswer): TokenUsage | undefined {
  const [prompt, response] = [used.field("prompt_tokens"), used.field("completion_tokens")];
  if (prompt.isAbsent || response.isAbsent) return undefined;
  return { promptTokens: prompt.number(), responseTokens: response.number() };
}

/**
 * Reads the message of a choice.
 * @param place - Number of earlier messages, to create missing call ids.
 */
function readMessage(choice: JsonAnswer, place: number): ChatMessage {
  const answer = choice.field("message");
  if (!answer.isObject) throw answer.ruleError("be an object");
  const content = answer.field("content").isAbsent ? "" : answer.field("content").text();
  const reasoning = Object.fromEntries(
    reasoningFields.flatMap((name) =>
      answer.field(name).isAbsent ? [] : [[name, answer.field(name).raw]],
    ),
  );
  const calls = answer.field("tool_calls");
  const listed = calls.isAbsent ? [] : calls.entries();
  const [call] = listed;
  if (call === undefined) {
    return { text: content, message: { role: "assistant", content, ...reasoning }, callIds: [] };
  }
  const name = call.field("function").field("name").text();
  const given = call.field("function").field("arguments");
  const text = typeof given.raw === "string" ? given.raw : JSON.stringify(given.raw ?? {});
  const callIds = listed.map((entry, index) => {
    const id = entry.field("id");
    // Some servers omit the id of a call, but require one in the tool's message.
    return id.isAbsent || id.raw === "" ? `call_${place}_${index}` : id.text();
  });
  const sentBack = listed.map((entry, index) => ({
    type: "function",
    ...Object(entry.raw),
    id: callIds[index],
  }));
  return {
    // Keep arguments that are not JSON unchanged; the format parser then reports an invalid call.
    text: `${content}\n<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${text.trim() || "{}"}}\n</tool_call>`,
    message: { role: "assistant", content: content || null, ...reasoning, tool_calls: sentBack },
    callIds,
  };
}
