import {
  checkInteger,
  checkPositive,
  type SampledResponse,
  type Sampler,
  type SampleRequest,
  type Tokenizer,
} from "@turnwise/core";
import { HttpClient, type RemoteOptions } from "./http-client.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { refuseOptions } from "./refuse-options.ts";
import { seedNumber } from "./seed-number.ts";

/**
 * Text as tokens: its UTF-16 units, and 0 as the end. For models that are talked to in text, whose
 * own tokens nobody sees.
 */
export const textTokenizer: Tokenizer = {
  vocabularySize: 65_536,
  endToken: 0,
  encode: (text) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  decode: (tokens) => {
    let text = "";
    // A call has a limit of arguments.
    for (let start = 0; start < tokens.length; start += 4096) {
      text += String.fromCharCode(...tokens.slice(start, start + 4096));
    }
    return text;
  },
};

/** Stands between the system's message and the user's, in the first prompt of an episode. */
const systemEnd = "\u001e";

/**
 * Prompts for {@link chatSampler}: the system's text and the user's as messages of their own. Its
 * shape is that of the environments' chat templates.
 */
export const messageTemplate: {
  first(system: string, user: string): string;
  next(user: string): string;
} = {
  // A user's text that holds the mark is not taken for two: the first one counts, and it is ours.
  first: (system, user) => `${system.replaceAll(systemEnd, " ")}${systemEnd}${user}`,
  next: (user) => user,
};

/** A tool, as the chat-completions API describes one. */
export interface ChatTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

/** Options of {@link chatSampler}. */
export interface ChatSamplerOptions extends RemoteOptions {
  /** The model's name on the server. */
  readonly model: string;
  /** The longest answer, in the model's own tokens. Default 4096. */
  readonly maxResponseTokens?: number;
  /** Under which name that limit is sent: newer models refuse the older one. Default `max_tokens`. */
  readonly limitField?: "max_tokens" | "max_completion_tokens";
  /** The longest conversation, in UTF-16 units, the next answer included. Default 400,000. */
  readonly maxSequenceTokens?: number;
  /** Whether temperature and seed are sent; some models refuse them. Default true. */
  readonly sendsSampling?: boolean;
  /**
   * Tools that the model may call, through the API. A call becomes the text
   * `<tool_call>{"name": ..., "arguments": {...}}</tool_call>` after what the model said, and the
   * environment's answer goes back as the tool's. Without tools, all is text.
   */
  readonly tools?: readonly ChatTool[];
  /**
   * Whether `parallel_tool_calls: false` is sent with tools; some servers refuse the field. Default true.
   */
  readonly sendsParallelToolCalls?: boolean;
  /** Further fields of each request, such as `{ reasoning_effort: "low" }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What a chat sampler has used. */
export interface ChatUsage {
  readonly requests: number;
  /** As the server counts them; 0 where it does not. */
  readonly promptTokens: number;
  readonly responseTokens: number;
}

interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | null;
  readonly tool_calls?: unknown;
  readonly tool_call_id?: string;
  /** Reasoning of an answer, under the names that servers give it. */
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_details?: unknown;
}

/** Fields of an answer that some servers require in the next request. */
const reasoningFields = ["reasoning_content", "reasoning", "reasoning_details"] as const;

interface Conversation {
  readonly messages: readonly Message[];
  /** How many tokens of the sequence the messages stand for. */
  readonly numTokens: number;
  /** Calls of the last message that wait for an answer. */
  readonly callIds: readonly string[];
}

const empty: Conversation = { messages: [], numTokens: 0, callIds: [] };

/**
 * A hosted model behind `/chat/completions` as a sampler: any environment can be played with it, by
 * the same rollout that training uses. It works with {@link textTokenizer}; what a prompt adds to a
 * named sequence becomes the next message. There are no log-probs and no entropies: both lists are
 * empty, and nothing can be trained on the record.
 *
 * @param options.url - Up to the version: `https://host/v1`.
 */
export function chatSampler(
  options: ChatSamplerOptions,
): Sampler & { readonly usage: ChatUsage; close(): void } {
  const { model, maxResponseTokens = 4096, limitField = "max_tokens", tools = [] } = options;
  const { maxSequenceTokens = 400_000, sendsSampling = true, extra = {} } = options;
  const { sendsParallelToolCalls = true } = options;
  checkInteger("chatSampler", { maxResponseTokens }, { min: 1 });
  checkPositive("chatSampler", { maxSequenceTokens });
  const client = new HttpClient(
    "chatSampler",
    { maxResponseBytes: 8 * 2 ** 20, ...options },
    "authorization",
  );
  const conversations = new Map<string, Conversation>();
  const usage = { requests: 0, promptTokens: 0, responseTokens: 0 };

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
      (answer) => readChoice(answer, messages.length),
      signal,
    );

  return {
    capabilities: {
      entropies: "none",
      maxSequenceTokens,
      weights: { transport: "none", verification: "none", maxAdapters: 0 },
    },
    usage,
    load: async ({ version }) => {
      if (version === 0) return 0;
      throw new RangeError(
        `chatSampler: weights.version must be 0, the server's own, got ${version}`,
      );
    },
    sample: async (request, signal) => {
      refuseOptions("sample", request);
      const { promptTokens, sequenceId } = request;
      const before =
        (sequenceId === undefined ? undefined : conversations.get(sequenceId)) ?? empty;
      const added = textTokenizer.decode(promptTokens.slice(before.numTokens));
      const messages = [...before.messages, ...addedMessages(before, added)];
      const answer = await ask(messages, request, signal);
      const { text, message, callIds, isCut } = answer;
      usage.requests += 1;
      usage.promptTokens += answer.promptTokens;
      usage.responseTokens += answer.responseTokens;
      // The mark of the end stands for one thing only.
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
      };
      return response;
    },
    release: (sequenceId) => void conversations.delete(sequenceId),
    close: () => client.close(),
  };
}

function addedMessages({ messages, callIds }: Conversation, text: string): Message[] {
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
    // Every call must have an answer.
    ...others.map((id) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: "Not run: one call at a time.",
    })),
  ];
}

/** What a model said, as text, and as the message that goes back with the next request. */
interface ChatMessage {
  readonly text: string;
  readonly message: Message;
  readonly callIds: readonly string[];
}

/** A message, how it ended, and what it cost. */
interface ChatAnswer extends ChatMessage {
  readonly isCut: boolean;
  readonly promptTokens: number;
  readonly responseTokens: number;
}

/** @param place - Number of messages before the answer. */
function readChoice(answer: JsonAnswer, place: number): ChatAnswer {
  const [choice] = answer.field("choices").entries();
  if (choice === undefined) throw answer.field("choices").wrong("hold a choice");
  const reason = choice.field("finish_reason");
  // Gateways report an error of the model's server in the choice.
  if (!choice.field("error").isAbsent) throw choice.field("error").wrong("be absent");
  if (reason.raw === "error") throw reason.wrong("not be an error");
  const used = answer.field("usage");
  const numTokens = (name: string): number =>
    used.field(name).isAbsent ? 0 : used.field(name).number();
  return {
    ...readMessage(choice, place),
    isCut: reason.raw === "length",
    promptTokens: numTokens("prompt_tokens"),
    responseTokens: numTokens("completion_tokens"),
  };
}

/** @param place - Number of messages before it, for the ids of calls that have none. */
function readMessage(choice: JsonAnswer, place: number): ChatMessage {
  const answer = choice.field("message");
  if (!answer.isObject) throw answer.wrong("be an object");
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
    // Some servers give no id, but require one in the tool's message.
    return id.isAbsent || id.raw === "" ? `call_${place}_${index}` : id.text();
  });
  const sentBack = listed.map((entry, index) => ({
    type: "function",
    ...Object(entry.raw),
    id: callIds[index],
  }));
  return {
    // Arguments that are not JSON stay as they are, and the format says that nothing was called.
    text: `${content}\n<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${text.trim() || "{}"}}\n</tool_call>`,
    message: { role: "assistant", content: content || null, ...reasoning, tool_calls: sentBack },
    callIds,
  };
}
